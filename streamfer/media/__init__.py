"""Video files: finding, probing, sampling by PTS, decoding, encoding."""
