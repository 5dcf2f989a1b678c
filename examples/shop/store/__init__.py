"""The write side in SQLite: one connection per request, one transaction per command."""
