"""What requests, responses and events have in common, and what may travel of them."""
