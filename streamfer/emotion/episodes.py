"""Episodes: stretches of a track in which one emotion prevails.

A label for every window by itself flickers. The episodes are the labelling of a track's windows
that maximises the sum of the probabilities of their labels, less `CHANGE_PRICE` for every change,
and in which every label lasts for two windows at least. So one odd window in a steady track,
however sure, makes no episode; two sure ones or three moderate ones in a row do. Were the
probabilities true, this would be the labelling with most windows right, at that price. An emotion
that no two windows show most is not considered beside one that two do: in a short track one very
sure window would outweigh the others.

Where a window starts more than a window and a stride after the one before, the face was away:
what comes before is labelled for itself, and so is what comes after. A window that stands alone
is an episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from streamfer.config import Analysis
from streamfer.emotion.labels import EMOTIONS

CHANGE_PRICE = 0.6
"""What a change of label must gain, in windows known for certain.

Above 1/2, so that a window is never worth the change to its label and back; little above, so
that two are without being quite certain.
"""


@dataclass(frozen=True)
class Episode:
    """An episode: its track's windows from row `first` until before row `stop`; times in seconds.

    `peak_s` is the centre of the window, the first if there are several, in which the emotion is
    most probable.
    """

    first: int
    stop: int
    emotion: str
    start_s: float
    end_s: float
    peak_s: float
    peak_probability: float
    mean_probability: float


def find_episodes(
    window: NDArray[np.integer], probabilities: NDArray[np.floating], analysis: Analysis
) -> list[Episode]:
    """The episodes of one track, in order; each of its windows is in one of them.

    `window` (W,) numbers the windows in which the face was seen, rising, W at least 1;
    `probabilities` is (W, 7). Windows overlap, so where two episodes meet, one ends and the next
    starts midway between the centres of the windows that meet. At the track's ends, and where
    the face was away, an episode reaches to its window's own start or end.
    """
    away = np.diff(window) * analysis.stride_ticks > analysis.window_ticks + analysis.stride_ticks
    stretches = np.split(probabilities.astype(np.float64), np.flatnonzero(away) + 1)
    label = np.concatenate([_prevailing(stretch) for stretch in stretches])
    window_start_s = window * analysis.stride_s
    centre_s = window_start_s + analysis.window_s / 2
    middle_s = (centre_s[1:] + centre_s[:-1]) / 2
    # Where an episode would start or end if this were its first or last window.
    start_s = np.append(window_start_s[0], np.where(away, window_start_s[1:], middle_s))
    window_end_s = window_start_s + analysis.window_s
    end_s = np.append(np.where(away, window_end_s[:-1], middle_s), window_end_s[-1])
    edges = np.flatnonzero(away | (np.diff(label) != 0)) + 1
    found = []
    for first, stop in pairwise([0, *edges.tolist(), len(window)]):
        certainty = probabilities[first:stop, label[first]]
        peak = int(certainty.argmax())
        episode = Episode(
            first=first,
            stop=stop,
            emotion=EMOTIONS[label[first]],
            start_s=float(start_s[first]),
            end_s=float(end_s[stop - 1]),
            peak_s=float(centre_s[first + peak]),
            peak_probability=float(certainty[peak]),
            mean_probability=float(certainty.mean(dtype=np.float64)),
        )
        found.append(episode)
    return found


def _prevailing(probabilities: NDArray[np.float64]) -> NDArray[np.intp]:
    """The best labelling (W,) of windows (W, 7) that follow each other.

    Found by dynamic programming. Where several are best, a label is kept rather than changed,
    and an earlier one of `EMOTIONS` preferred.
    """
    labels: NDArray[np.intp] = probabilities.argmax(axis=1)
    if len(labels) < 2:
        return labels
    often = np.bincount(labels, minlength=len(EMOTIONS)) > 1
    if often.any():
        probabilities = np.where(often, probabilities, -np.inf)
    # The best sum up to each window if it ends with a label that has lasted for two windows.
    best = np.full(probabilities.shape, -np.inf)
    changed = np.zeros(probabilities.shape, bool)
    best[1] = probabilities[0] + probabilities[1]
    for n in range(2, len(probabilities)):
        keep = best[n - 1] + probabilities[n]
        change = best[n - 2].max() - CHANGE_PRICE + probabilities[n - 1] + probabilities[n]
        changed[n] = change > keep
        best[n] = np.maximum(keep, change)
    n, label = len(labels) - 1, best[-1].argmax()
    while n >= 0:
        labels[n] = label
        if changed[n, label]:
            labels[n - 1] = label
            n -= 2
            label = best[n].argmax()
        else:
            n -= 1
    return labels
