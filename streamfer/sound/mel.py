"""The log-mel spectrogram: how much sound there is in each of 64 bands, every 10 ms.

The usual features for recognising sounds (64 bands from 125 to 7500 Hz, windows of 25 ms, as in
Hershey et al. 2017, "CNN architectures for large-scale audio classification", section 3.1), here
as natural logarithms of power.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from streamfer.sound.torchaudio_functional import functional
from streamfer.sound.wave import MARGIN, RATE, SAMPLES, Wave

BANDS = 64
HOP = 160
_WINDOW = 400
_FFT = 512
# Power of the faintest that is told from silence: 120 dB below the loudest sine.
_FLOOR = 1e-8

_hann = torch.hann_window(_WINDOW)
_bands = functional.melscale_fbanks(_FFT // 2 + 1, 125.0, 7500.0, BANDS, RATE)


def log_mel(wave: Wave) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Frames (400, 64) of a block; and which of them (400,) are sound from begin to end.

    Frame j is centred on (j + 1/2) x 10 ms.
    """
    begin = MARGIN + HOP // 2 - _FFT // 2
    samples = torch.from_numpy(wave.samples[begin : begin + SAMPLES - HOP + _FFT])
    power = functional.spectrogram(samples, 0, _hann, _FFT, HOP, _WINDOW, 2.0, False, center=False)
    mel: NDArray[np.float32] = torch.log((power.T @ _bands).clamp(min=_FLOOR)).numpy()
    begin = MARGIN + HOP // 2 - _WINDOW // 2
    windows = np.lib.stride_tricks.sliding_window_view(wave.heard[begin:], _WINDOW)
    whole: NDArray[np.bool_] = np.all(windows[:SAMPLES:HOP], axis=1)
    return mel, whole
