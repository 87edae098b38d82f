"""Faces: detection, alignment and tracking."""
