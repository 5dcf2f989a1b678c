"""Reads annotations, generics and the kinds of functions, without calling anything."""
