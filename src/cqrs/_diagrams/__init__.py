"""Texts of diagrams."""
