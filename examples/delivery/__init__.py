"""Two services: a shop that takes orders, and a warehouse that reserves what they need, once for each order.

Between them are the outbox of the shop, a relay, a broker and the inbox of the warehouse. `python -m
examples.delivery.demo` runs them and kills the relay at the worst moment.
"""
