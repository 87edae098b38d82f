"""Temporal methods that were trained: a network file that reads a window's embeddings.

Such a file is ONNX, with inputs `embeddings`, float32 (W, T, 512), 0 where no face is usable, and
`present`, float32 (W, T), 1 where one is; and the output `probabilities`, float32 (W, 7). If it
listens too (late fusion), it has the inputs `sound`, float32 (W, 128), and `heard`, float32 (W,),
as in `WindowSound`. Its metadata says what it is (`method`), in which order its classes are
(`labels`, as in backbones), whose embeddings it reads (`backbone_sha256`), and on what windows it
was trained (`fps`, and `window_s` in seconds; T is their product). The authors' own files are
torch's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.backbone import EMBEDDING_SIZE
from streamfer.emotion.contract import require_labels, require_outputs
from streamfer.emotion.labels import EMOTIONS
from streamfer.emotion.windows import Windows
from streamfer.errors import UsageError
from streamfer.weights.description import OfOneNetwork
from streamfer.weights.runtime import Device, Network, is_torch_file, load_network

SOUND_SIZE = 128
AT_ONCE = 64
"""Windows that are shown to a network at once. More take memory (512: 100 MB) and no less time.
Never 0: a recurrent layer of ONNX Runtime then ends the process."""


@dataclass(frozen=True)
class Learnt(OfOneNetwork):
    """A trained method; it looks at nothing beyond its window."""

    name: str
    backbone_sha256: str
    fps: float
    window_s: float
    network: Network
    context_s: ClassVar[float] = 0.0

    @property
    def listens(self) -> bool:
        """Whether it wants the sound of a window too."""
        return "sound" in self.network.input_shapes

    def recognise(self, windows: Windows) -> NDArray[np.float32]:
        """Probabilities (W, 7), each row summing to 1; W may be 0.

        Raises:
            UsageError: Some are not finite: these weights fail on these embeddings.
        """
        probabilities = np.empty((len(windows), len(EMOTIONS)), np.float32)
        for first in range(0, len(windows), AT_ONCE):
            rows = np.arange(first, min(first + AT_ONCE, len(windows)))
            inputs = self._inputs(windows.where(rows))
            probabilities[rows] = self.network.run(inputs)["probabilities"]
        if not np.isfinite(probabilities).all():
            raise UsageError(
                f"The temporal method {self.name} (sha256 {self.sha256[:12]}…) gives probabilities "
                "that are not finite: its weights are damaged; name another method."
            )
        return probabilities

    def _inputs(self, windows: Windows) -> dict[str, NDArray[np.float32]]:
        inputs = {
            "embeddings": windows.embeddings,
            "present": windows.usable.astype(np.float32),
        }
        if self.listens and windows.sound is not None:
            inputs |= {"sound": windows.sound.mel, "heard": windows.sound.heard}
        return inputs


def load_learnt(path: Path, device: Device = "cpu") -> Learnt:
    """Load a trained method from an ONNX file, or from one of the authors' torch files.

    Raises:
        UsageError: The file is not one.
    """
    network = _load(path, device)
    try:
        return _check(network)
    except UsageError as error:
        raise UsageError(f"{path} is not a temporal method: {error}") from None


def require_settings(method: Learnt, analysis: Analysis) -> None:
    """Refuse a method that was trained on other windows, or would miss the sound it wants.

    Raises:
        UsageError: It does not fit the settings.
    """
    if (method.fps, method.window_s) != (analysis.fps, analysis.window_s):
        raise UsageError(
            f"The temporal method {method.name} was trained on windows of {method.window_s:g} s "
            f"at {method.fps:g} samples a second, and the settings say {analysis.window_s:g} s "
            f"at {analysis.fps}: change them, or name another method."
        )
    if method.listens and not analysis.audio:
        raise UsageError(
            f"The temporal method {method.name} listens to the sound: add --audio, or name a "
            "method that does not."
        )
    if method.listens and analysis.overlap == "average":
        raise UsageError(
            f"The temporal method {method.name} listens to the sound, which is not told where "
            "windows are averaged: set overlap to 'own', or name a method that does not."
        )


def _load(path: Path, device: Device) -> Network:
    if not is_torch_file(path):
        return load_network(path, device)
    from streamfer.emotion.temporal.emo_affectnet_lstm import (  # noqa: PLC0415 - slow: torch
        load_emo_affectnet_lstm,
    )

    return load_emo_affectnet_lstm(path, device)


def _check(network: Network) -> Learnt:
    """Hold a network to the contract, and say what it was made for."""
    require_labels(network.metadata)
    method = Learnt(
        name=_entry(network, "method"),
        backbone_sha256=_entry(network, "backbone_sha256"),
        fps=_number(network, "fps"),
        window_s=_number(network, "window_s"),
        network=network,
    )
    ticks = round(method.fps * method.window_s)
    wanted: dict[str, tuple[int, ...]]
    wanted = {"embeddings": (ticks, EMBEDDING_SIZE), "present": (ticks,)}
    if method.listens:
        wanted |= {"sound": (SOUND_SIZE,), "heard": ()}
    found = {name: shape[1:] for name, shape in network.input_shapes.items()}
    if found != wanted:
        raise UsageError(f"its inputs must have, after W, the lengths {wanted}, not {found}.")
    two = {name: np.ones((2, *shape), np.float32) for name, shape in wanted.items()}
    require_outputs(network, two, "windows", {"probabilities": len(EMOTIONS)})
    return method


def _entry(network: Network, name: str) -> str:
    if not (text := network.metadata.get(name)):
        raise UsageError(f"its metadata has no {name!r}, and must.")
    return text


def _number(network: Network, name: str) -> float:
    text = _entry(network, name)
    with suppress(ValueError):
        if isfinite(number := float(text)) and number > 0:
            return number
    raise UsageError(f"its metadata has {name}={text!r}; it must be a number above 0.")
