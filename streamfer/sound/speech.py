"""Where somebody speaks, by Silero VAD.

Of the package silero-vad only the ONNX file is used, the one that reads many frames in one call;
it gives the same as the one that reads them singly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamfer.sound.wave import MARGIN, SAMPLES, Wave
from streamfer.weights.catalogue import resolve
from streamfer.weights.description import OfOneNetwork
from streamfer.weights.runtime import Network, load_network

FRAME = 512
_CONTEXT = 64
_STATE = 128

State = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class SpeechDetector(OfOneNetwork):
    """Silero VAD on the processor: it is too small for a GPU to be of use."""

    name: str
    network: Network

    def detect(self, wave: Wave, state: State | None = None) -> tuple[NDArray[np.float32], State]:
        """The probability of speech in each frame of 32 ms of a block, (125,).

        `state` is what the block before gave, None after a pause; the new one is given back.
        """
        hidden, cell = state or (np.zeros((1, 1, _STATE), np.float32),) * 2
        begin = MARGIN - _CONTEXT
        samples = wave.samples[begin : MARGIN + SAMPLES]
        frames = np.lib.stride_tricks.sliding_window_view(samples, _CONTEXT + FRAME)[::FRAME]
        outputs = self.network.run({"input": np.ascontiguousarray(frames), "h": hidden, "c": cell})
        return outputs["speech_probs"], (outputs["hn"], outputs["cn"])


def load_speech_detector() -> SpeechDetector:
    """The detector; UsageError where its file is not on this machine, or not the published one."""
    name = "silero-vad"
    return SpeechDetector(name, load_network(resolve(name, "speech"), "cpu"))
