"""Write a trained checkpoint as the ONNX file that streamfer ships.

    python -m trainers.backbone.export --fer2013 fer2013.zip --run runs/second --out FILE.onnx

The graph takes the pictures as they come (uint8 RGB), so colour order and range cannot be
mistaken, and its softmax is calibrated: the logits are divided by the temperature that makes
the held-out faces of FER2013 most likely (Guo et al. 2017).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from trainers import metrics
from trainers.backbone.network import SIDE, ExpressionNet
from trainers.backbone.train import predict
from trainers.backbone.views import resized
from trainers.corpora import fer2013
from trainers.onnx_file import write_onnx


class ShippedNet(nn.Module):
    """uint8 RGB faces (N, 96, 96, 3) to (embedding (N, 512), probabilities (N, 7))."""

    def __init__(self, net: ExpressionNet, temperature: float) -> None:
        super().__init__()
        self.net = net
        self.temperature = temperature
        self.register_buffer("luma", torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1))

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Both outputs of the ONNX file."""
        grey = functional.conv2d(faces.permute(0, 3, 1, 2).float(), self.get_buffer("luma"))
        embedding = self.net.embed(grey)
        logits = self.net.classify(embedding)
        return embedding, functional.softmax(logits / self.temperature, dim=1)


def load_averaged(checkpoint: Path) -> ExpressionNet:
    """The averaged weights of a training run's checkpoint, ready for inference."""
    net = ExpressionNet()
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    return net.eval()


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that minimises the negative log likelihood of `labels` (N,)."""
    log_temperature = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([log_temperature], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(logits / log_temperature.exp(), labels)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return float(log_temperature.detach().exp())


def write_backbone(net: ShippedNet, path: Path, metadata: dict[str, str]) -> None:
    """Write `net` for any number of faces."""
    faces = {"faces": torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)}
    write_onnx(net, faces, ["embedding", "probabilities"], path, metadata)


def _metadata(temperature: float, logits: Tensor, labels: NDArray[np.int64]) -> dict[str, str]:
    matrix = metrics.confusion(labels, logits.argmax(1).numpy(), len(EMOTIONS))
    return {
        "labels": json.dumps(EMOTIONS),
        "input": "faces: uint8 (N, 96, 96, 3), RGB 0..255, aligned; the graph makes them grey",
        "outputs": "embedding: float32 (N, 512); probabilities: float32 (N, 7), calibrated",
        "training_data": "FER2013 (Goodfellow et al. 2013), train part less a held-out tenth; "
        "press faces less a fifth of the persons; first weights: dlib's face recognition network",
        "licence": "weights: Apache-2.0; the training pictures have terms of their own",
        "temperature": f"{temperature:.4f}",
        "held_out_accuracy": f"{metrics.accuracy(matrix):.4f}",
        "held_out_uar": f"{metrics.uar(matrix):.4f}",
    }


def main() -> None:
    """Read the arguments, calibrate on the held-out faces, and write the file."""
    parser = argparse.ArgumentParser(description="Write a trained backbone as ONNX.")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    arguments = parser.parse_args()
    held_out = resized(fer2013.split(fer2013.load(arguments.fer2013, "train"))[1])
    net = load_averaged(arguments.run / "checkpoint.pt")
    logits = predict(net, held_out.images)
    temperature = fit_temperature(logits, torch.from_numpy(held_out.labels))
    metadata = _metadata(temperature, logits, held_out.labels)
    write_backbone(ShippedNet(net, temperature), arguments.out, metadata)
    print(json.dumps(metadata, indent=1))


if __name__ == "__main__":
    main()
