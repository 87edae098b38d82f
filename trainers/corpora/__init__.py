"""One module for each corpus, reading the layout in which it is really distributed."""
