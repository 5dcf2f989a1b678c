"""A service that welcomes new users: it consumes their events from Kafka, and loses none when its mail server is away.

``python -m examples.faststream_consumer`` needs Kafka on ``localhost:9092``, or where ``KAFKA_BOOTSTRAP`` says. It
starts the service, publishes two events and something that is no event, and prints::

    publishing ada, bob and something else
    the mail server is away: the event of ada will come again
    a mail to ada: welcome!
    a mail to bob: welcome!
    set aside: no NotificationEvent[UserCreated]: payload.user_id: Field required
    all three are acknowledged

Read ``welcome`` first: it knows nothing of Kafka. Then ``service``. The topic is ``user_events``, unless
``USER_EVENTS_TOPIC`` names another one.
"""
