"""The paper's CNN-LSTM, from a torch file of its authors, such as `FER_dinamic_LSTM_Aff-Wild2.pt`.

There is one for each of the paper's six dynamic corpora, trained on the other five. They read
what the authors' own backbone says of 10 faces in 2 s.
"""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.temporal.cnn_lstm import CnnLstm
from streamfer.weights.catalogue import MODELS
from streamfer.weights.runtime import Device, Network, module_network
from streamfer.weights.torch_file import fill

FPS, WINDOW_S = 5, 2


class EmoAffectNetLstm(nn.Module):
    """The network behind the inputs and the output of every trained method; see `learnt`."""

    def __init__(self, net: CnnLstm) -> None:
        super().__init__()
        self.net = net

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """`embeddings` and `present` to `probabilities`."""
        logits = self.net(inputs["embeddings"], inputs["present"])
        return {"probabilities": functional.softmax(logits, dim=1)}


def load_emo_affectnet_lstm(path: Path, device: Device) -> Network:
    """Load a state dict of the paper's CNN-LSTM, running no code of the file's.

    Raises:
        UsageError: The file holds anything else.
    """
    net = CnnLstm()
    sha256 = fill(net, path, task="temporal method", whose="the paper's CNN-LSTM")
    (backbone,) = next(model.files for model in MODELS if model.name == "emo-affectnet")
    samples = FPS * WINDOW_S
    return module_network(
        EmoAffectNetLstm(net),
        device,
        sha256=sha256,
        metadata={
            "method": "cnn-lstm",
            "labels": json.dumps(EMOTIONS),
            "backbone_sha256": backbone.sha256 or "",
            "fps": str(FPS),
            "window_s": str(WINDOW_S),
        },
        input_shapes={
            "embeddings": (None, samples, EMBEDDING_SIZE),
            "present": (None, samples),
        },
    )
