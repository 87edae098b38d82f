"""The demo shows what its truth says, as far as a real detector can tell; and so does a tracker."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from trackers.eval import compute_clear_metrics, compute_identity_metrics

from streamfer import demo_cutouts
from streamfer.config import Analysis
from streamfer.demo import HEIGHT, WIDTH, Truth, make_demo
from streamfer.errors import UsageError
from streamfer.faces.cuts import CutDetector
from streamfer.faces.detections import Faces, iou
from streamfer.faces.detector import load_detector
from streamfer.faces.schedule import FaceFinder
from streamfer.faces.tracking import Tracker
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe

ASTRONAUT = 0  # column of the one who walks behind the pillar


@dataclass(frozen=True)
class Seen:
    """What streamfer makes of the demo, tick by tick."""

    truth: Truth
    duration_s: float
    cuts: list[int]
    faces: list[Faces]
    tracks: list[np.ndarray]

    def boxes(self, tick: int) -> np.ndarray:
        """True boxes of who is visible; the part inside the picture, which a detector sees."""
        boxes = self.truth.boxes[tick, self.truth.visible[tick]]
        return np.clip(boxes, 0, np.array([WIDTH, HEIGHT] * 2, np.float32))

    def overlaps(self, tick: int) -> np.ndarray:
        """IoU of who is visible with the faces found."""
        return iou(self.boxes(tick), self.faces[tick].boxes)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    truth = make_demo(path)
    analysis = Analysis()
    finder = FaceFinder(load_detector(analysis.detector).detect, analysis)
    detects_cut = CutDetector(analysis.cut_distance)
    tracker = Tracker(round(analysis.max_gap_s * analysis.fps), analysis.fps)
    info = probe(str(path), Limits())
    cuts, found, tracks = [], [], []
    for tick, sample in enumerate(SampleReader(info, analysis.fps)):
        assert sample.tick == tick
        assert sample.time_s == pytest.approx(tick / analysis.fps)
        cut = detects_cut.is_cut(sample.picture)
        if cut:
            cuts.append(tick)
        found.append(finder.find(tick, sample.picture, cut))
        tracks.append(tracker.update(tick, sample.picture, found[-1], cut=cut))
    return Seen(truth, info.duration_s, cuts, found, tracks)


def test_every_tick_has_a_frame_and_a_truth(seen: Seen) -> None:
    assert len(seen.faces) == len(seen.truth.boxes) == len(seen.truth.visible) == 151
    assert seen.duration_s == pytest.approx(30.04, abs=0.04)


def test_the_cut_is_where_the_truth_says(seen: Seen) -> None:
    assert seen.truth.cuts == (90,)
    assert seen.cuts == [90]
    present = ~np.isnan(seen.truth.boxes[..., 0])
    assert not (present[:90].any(axis=0) & present[90:].any(axis=0)).any()


def test_the_astronaut_is_hidden_for_one_second(seen: Seen) -> None:
    hidden = np.flatnonzero(~seen.truth.visible[:90, ASTRONAUT])
    assert hidden.tolist() == [56, 57, 58, 59, 60]
    # And the detector does not see her in the middle of it.
    her = seen.truth.boxes[58, [ASTRONAUT]]
    assert not (iou(her, seen.faces[58].boxes) > 0).any()


def test_somebody_leaves_and_somebody_comes(seen: Seen) -> None:
    leaves, comes = seen.truth.visible[:, 3], seen.truth.visible[:, 7]
    assert leaves[0]
    assert not leaves[60:].any()
    assert not comes[:120].any()
    assert comes[-1]


def test_people_pass_before_one_another(seen: Seen) -> None:
    present = ~np.isnan(seen.truth.boxes[:46, :3, 0])
    hidden = (present & ~seen.truth.visible[:46, :3]).sum(axis=0)
    assert hidden[1] >= 6
    assert hidden[2] >= 5


def test_the_detector_finds_who_is_visible_where_they_are(seen: Seen) -> None:
    best = np.concatenate([seen.overlaps(tick).max(axis=1, initial=0) for tick in range(151)])
    assert (best > 0.5).mean() > 0.99
    assert np.median(best) > 0.85


def test_the_detector_finds_nobody_else(seen: Seen) -> None:
    for tick, faces in enumerate(seen.faces):
        everybody = seen.truth.boxes[tick, ~np.isnan(seen.truth.boxes[tick, :, 0])]
        assert (iou(everybody, faces.boxes) > 0.3).any(axis=0).all()


def test_tracks_are_the_true_people(seen: Seen) -> None:
    people = [np.flatnonzero(visible) for visible in seen.truth.visible]
    overlaps = [seen.overlaps(tick) for tick in range(151)]
    identity = compute_identity_metrics(people, seen.tracks, overlaps)
    clear = compute_clear_metrics(people, seen.tracks, overlaps)
    assert identity["IDF1"] > 0.98
    assert clear["IDSW"] == 0
    assert len(set(np.concatenate(seen.tracks).tolist())) == seen.truth.boxes.shape[1]


def test_another_photograph_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer package may carry another picture under the same name."""
    package = tmp_path / "some_photographs"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "face.png").write_bytes(b"another picture")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(demo_cutouts._FILES, "astronaut", ("some_photographs/face.png", "0" * 64))
    with pytest.raises(UsageError, match="not the photograph"):
        demo_cutouts.cut_out("astronaut")
    (package / "face.png").unlink()
    with pytest.raises(UsageError, match=r"needs some_photographs/face\.png"):
        demo_cutouts.cut_out("astronaut")
