"""Programs of users, as they were written: they run unchanged against this package."""
