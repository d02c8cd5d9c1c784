"""Marts: what their headers declare, and how their days are built."""
