import importlib.util
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from streamfer.errors import UsageError
from streamfer.sound.speech import load_speech_detector
from streamfer.sound.wave import MARGIN, SAMPLES, Wave
from streamfer.weights import catalogue


def noise(blocks: int) -> np.ndarray:
    """Noise whose loudness comes and goes, so that the probabilities differ."""
    random = np.random.default_rng(5)
    loudness = np.repeat(10 ** random.uniform(-4, -0.5, blocks * 25), SAMPLES // 25)
    samples = np.cumsum(random.standard_normal(blocks * SAMPLES)) * loudness
    return np.pad(np.clip(samples, -1, 1), MARGIN).astype(np.float32)


def wave(samples: np.ndarray, block: int) -> Wave:
    part = samples[block * SAMPLES : (block + 1) * SAMPLES + 2 * MARGIN]
    return Wave(part, np.ones(len(part), bool))


def test_it_gives_what_the_published_network_gives_frame_by_frame(detector):
    spec = importlib.util.find_spec("silero_vad")
    path = Path(spec.submodule_search_locations[0], "data", "silero_vad.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    samples = noise(2)
    state, expected = np.zeros((2, 1, 128), np.float32), []
    for begin in range(MARGIN, MARGIN + 2 * SAMPLES, 512):
        frame = samples[None, begin - 64 : begin + 512]
        inputs = {"input": frame, "state": state, "sr": np.array(16_000)}
        probability, state = session.run(None, inputs)
        expected.append(probability.item())
    first, between = detector.detect(wave(samples, 0))
    second, _ = detector.detect(wave(samples, 1), between)
    assert np.ptp(expected) > 0.01
    assert np.concatenate([first, second]) == pytest.approx(np.array(expected), abs=1e-5)


def test_it_says_what_it_is(detector):
    assert detector.name == "silero-vad"
    assert detector.runtime == "onnxruntime-cpu-fp32"
    assert len(detector.sha256) == 64


def test_another_file_is_refused(monkeypatch, tmp_path):
    model = next(model for model in catalogue.MODELS if model.task == "speech")
    other = tmp_path / model.package / model.folder
    other.mkdir(parents=True)
    (tmp_path / model.package / "__init__.py").touch()
    (other / model.files[0].name).write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=r"silero-vad are not the published ones.*Reinstall"):
        load_speech_detector()
