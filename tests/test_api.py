"""The public Python interface, as docs/api.md promises it."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

import streamfer
from tests.cli.terminal import portrait
from tests.store.example_run import make_run

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def detector():
    return streamfer.load_detector("default")


@pytest.fixture(scope="module")
def backbone():
    return streamfer.load_backbone("default")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch, capsys):
    portrait(tmp_path / "interview.mp4", 3)
    make_run(tmp_path / "timelines.parquet")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)

    printed = capsys.readouterr().out
    assert re.search(r"track_id +window_start_s +emotion +p_happiness\n0 +0 ", printed)
    assert re.search(
        r"^a face of \d\d+ by \d\d+ pixels at \(\d+, \d+\), score 0\.\d\d$", printed, re.MULTILINE
    )
    last = printed.splitlines()[-1].split()
    assert last[0] in streamfer.EMOTIONS
    assert 1 / 7 < float(last[1]) <= 1


@pytest.mark.parametrize("name", ["analyse", "load_detector", "load_backbone", "read"])
def test_the_page_gives_the_signatures_as_they_are(name: str):
    (written,) = re.findall(rf"`streamfer\.{name}\((.*?)\)`", PAGE, re.DOTALL)
    parameters = inspect.signature(getattr(streamfer, name)).parameters.values()
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    found = str(inspect.Signature(plain)).strip("()").replace("'", '"')
    assert " ".join(written.split()) == found


def test_importing_it_is_fast_and_loads_no_runtime():
    done = run("""
import sys
import streamfer
heavy = {"torch", "onnxruntime", "onnx", "cv2", "ray", "scipy", "av", "pyarrow", "insightface"}
print(heavy & set(sys.modules))
print(sorted(set(streamfer.__all__) - set(dir(streamfer))))
assert streamfer.EMOTIONS[0] == "neutral"
streamfer.load_backbone("default")
print({"torch", "ray", "insightface"} & set(sys.modules))
""")
    assert (done.stdout, done.stderr) == ("set()\n[]\nset()\n", "")


def test_what_is_public_is_there_and_nothing_else():
    for name in streamfer.__all__:
        assert getattr(streamfer, name).__doc__
    with pytest.raises(AttributeError, match="'streamfer' has no attribute 'analyze'"):
        streamfer.analyze  # noqa: B018


def test_predict_gives_float32_rows_for_crops_of_any_size(backbone):
    photograph = skimage.data.astronaut()
    faces = [photograph[50:200, 170:290], photograph[50:90, 170:230], photograph[:1, :1]]

    embeddings, probabilities = backbone.predict(faces)

    assert (embeddings.dtype, embeddings.shape) == (np.float32, (3, 512))
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (3, 7))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    alone = backbone.predict([np.asfortranarray(faces[0])])
    np.testing.assert_allclose(embeddings[0], alone[0][0], rtol=0, atol=1e-5)


def test_predict_of_nothing_gives_no_rows(backbone):
    embeddings, probabilities = backbone.predict([])
    assert (embeddings.dtype, embeddings.shape) == (np.float32, (0, 512))
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (0, 7))


def test_detect_gives_float32_arrays_for_each_frame(detector):
    photograph = skimage.data.astronaut()
    frames = [photograph, np.zeros((90, 160, 3), np.uint8), photograph[:300, 100:400]]

    first, black, part = detector.detect(frames)

    for faces, count in ((first, 1), (black, 0), (part, 1)):
        assert (faces.boxes.dtype, faces.boxes.shape) == (np.float32, (count, 4))
        assert (faces.landmarks.dtype, faces.landmarks.shape) == (np.float32, (count, 5, 2))
        assert (faces.scores.dtype, faces.scores.shape) == (np.float32, (count,))
    x1, y1, x2, y2 = first.boxes[0]
    assert 150 < x1 < 220 < x2 < 310
    assert 30 < y1 < 90 < y2 < 230
    eyes, mouth = first.landmarks[0, :2], first.landmarks[0, 3:]
    assert eyes[0, 0] < eyes[1, 0]
    assert eyes[:, 1].max() < first.landmarks[0, 2, 1] < mouth[:, 1].min()
    np.testing.assert_allclose(part.boxes[0], first.boxes[0] - [100, 0, 100, 0], atol=6)
    assert detector.detect([]) == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (np.zeros((60, 50), np.uint8), "grey"),
        (np.zeros((60, 50, 3), np.float32), "float32"),
        (np.zeros((60, 50, 4), np.uint8), "alpha"),
        (np.zeros((0, 50, 3), np.uint8), "empty"),
        ("face.png", "str"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_to_do(backbone, detector, wrong, reason: str):
    good = np.zeros((60, 50, 3), np.uint8)
    with pytest.raises(streamfer.UsageError, match=rf"face 1 is .*{reason}"):
        backbone.predict([good, wrong])
    with pytest.raises(streamfer.UsageError, match=rf"picture 1 is .*{reason}"):
        detector.detect([good, wrong])


def test_analysing_opens_no_socket(tmp_path: Path):
    video = portrait(tmp_path / "a.mp4", 2)
    done = run(f"""
import sys
import streamfer

def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{{event}} {{arguments}}")

sys.addaudithook(refuse)
print(streamfer.analyse({str(video)!r}, device="cpu").num_rows)
""")
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 0
