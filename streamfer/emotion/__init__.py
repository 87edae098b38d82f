"""Expressions: labels, backbones, windows and temporal methods."""
