"""Networks: what exists, where its file is, and how it is run."""
