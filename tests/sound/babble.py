"""A voice that says nothing: enough like speech for the tests to need no recording.

Syllables of a buzz through three moving resonances (Peterson & Barney 1952), begun by a hiss or
not, with a falling pitch, and pauses between some.
"""

import numpy as np

RATE = 16_000
# Resonances of vowels, in Hz.
VOWELS = np.array(
    [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (660, 1720, 2410), (530, 1840, 2480)]
)


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Float samples (1, N) at 16 kHz, at most .7."""
    random = np.random.default_rng(seed)
    samples = np.empty(0)
    pitch = 130.0
    while len(samples) < seconds * RATE:
        if random.random() < 0.1:
            samples = np.append(samples, np.zeros(round(random.uniform(0.15, 0.4) * RATE)))
            pitch = random.uniform(130, 160)
        if random.random() < 0.7:
            samples = np.append(samples, _hiss(random))
        lower = max(pitch * random.uniform(0.85, 1.1), 90)
        samples = np.append(samples, _vowel(random, np.array([pitch, lower])))
        pitch = lower
    samples = samples[: round(seconds * RATE)]
    return 0.7 * samples[None] / np.abs(samples).max()


def _hiss(random: np.random.Generator) -> np.ndarray:
    noise = np.diff(random.standard_normal(round(random.uniform(0.03, 0.09) * RATE)))
    return 0.5 * random.random() * noise * np.hanning(len(noise))


def _vowel(random: np.random.Generator, pitch: np.ndarray) -> np.ndarray:
    length = round(random.uniform(0.1, 0.25) * RATE)
    place = np.linspace(0, 1, length)
    pitch = np.interp(place, [0, 1], pitch)
    resonances = np.linspace(*random.choice(VOWELS, 2), length)
    harmonics = np.arange(1, 31)[:, None]
    loudness = sum(
        weight / (1 + ((harmonics * pitch - resonances[:, n]) / width) ** 2)
        for n, (weight, width) in enumerate([(1, 60), (0.5, 90), (0.25, 120)])
    )
    buzz = np.sin(2 * np.pi * harmonics * np.cumsum(pitch) / RATE) / np.sqrt(harmonics)
    envelope = np.minimum(1, np.minimum(place, 1 - place) * length / (0.02 * RATE))
    return (loudness * buzz).sum(axis=0) * envelope
