"""Real brokers with one topic each, for consumers in processes of their own: a module for each broker.

Its ``Wire`` is made in the test, and again in each process, from an address and a topic.
"""
