"""The sound beside the picture: loudness, speech and log-mel features. Knows no faces."""
