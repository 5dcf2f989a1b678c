"""What the shop knows about selling: no database, no HTTP, no mediator."""
