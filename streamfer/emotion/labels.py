"""The seven expressions, in the order used everywhere (Ryumina et al. 2022)."""

EMOTIONS = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")
