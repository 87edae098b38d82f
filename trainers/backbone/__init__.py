"""The network that turns one aligned face into an embedding and seven probabilities.

`python -m trainers.backbone.train` trains it, `export` writes the ONNX file that streamfer
ships, `evaluate` measures that file and writes the figures of its model card.
"""
