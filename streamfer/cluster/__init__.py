"""The actor graph: the only room that imports ray."""
