"""Registries that notice a change, and what is compiled from them."""
