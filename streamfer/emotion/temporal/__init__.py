"""Temporal methods, one a file: what a window of faces says, when a single face is not enough."""
