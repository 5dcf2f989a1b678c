"""Helpers for the tests of applications and of back ends. Production code never imports this package."""
