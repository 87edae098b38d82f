"""What is heard while a face is seen: the second input of a temporal method, if it listens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.temporal.learnt import SOUND_SIZE
from streamfer.emotion.windows import WindowSound
from streamfer.media.limits import Limits
from streamfer.media.probe import probe
from streamfer.sound.listen import listen
from streamfer.sound.speech import load_speech_detector
from trainers.temporal.examples import Examples


def with_sound(examples: Examples, videos: Path, analysis: Analysis) -> Examples:
    """The same windows with the sound of their clips, which lie in `videos`.

    In stills, and in clips without sound, nothing is heard.
    """
    windows = examples.windows
    mel = np.zeros((len(windows), SOUND_SIZE), np.float32)
    share = np.zeros(len(windows), np.float32)
    detector = load_speech_detector()
    for clip in np.unique(examples.clip[examples.filmed]).tolist():
        rows = examples.clip == clip
        first = windows.window[rows] * analysis.stride_ticks
        info = probe(str(videos / clip), Limits())
        end = int(first.max()) + analysis.window_ticks
        sound = listen(info, analysis.fps, 0, end, detector).windows(first, analysis.window_ticks)
        mel[rows] = sound.mel
        share[rows] = sound.sound_s / analysis.window_s
    return replace(examples, windows=replace(windows, sound=WindowSound(mel, share)))


def heard(examples: Examples) -> NDArray[np.bool_]:
    """In which windows there is sound: (W,)."""
    sound = examples.windows.sound
    return np.zeros(len(examples), bool) if sound is None else sound.heard > 0
