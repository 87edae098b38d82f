"""The commands of `python -m trainers`, thin."""
