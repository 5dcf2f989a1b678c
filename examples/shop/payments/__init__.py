"""Ways to pay: a chain of responsibility, in which the card has a stand-in for the days when its terminal is down."""
