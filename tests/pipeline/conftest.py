"""Fixtures of whole runs."""

from tests.store.flaky_server import store

__all__ = ["store"]
