"""What must be true of the real clips, whose content is known from looking at them."""

from pathlib import Path

import numpy as np
import pandas as pd

import streamfer
from streamfer.emotion.episodes import find_episodes
from streamfer.media.decode import SampleReader
from streamfer.media.limits import Limits
from streamfer.media.probe import probe


def timeline(clip: Path) -> pd.DataFrame:
    return streamfer.analyse(clip).to_pandas()


def test_nobody_is_found_where_nobody_is(clips: Path):
    assert len(timeline(clips / "pyfeat__no_face.mp4")) == 0


def test_the_boys_in_the_crowd_are_one_track_each(clips: Path):
    """The red-haired boy and the boy in blue walk to the left; where, was read off the pictures."""
    rows = timeline(clips / "facenet__video.mp4")
    assert rows["track_id"].nunique() <= 20
    rows["x"], rows["y"] = rows.face_x + rows.face_w / 2, rows.face_y + rows.face_h / 2
    for begins, ends in [((0.36, 0.59), (0.21, 0.61)), ((0.52, 0.66), (0.41, 0.67))]:
        first, last = (
            rows[rows.window == window].assign(
                d=lambda w, p=place: np.hypot(w.x - p[0], w.y - p[1])
            )
            for window, place in ((0, begins), (4, ends))
        )
        assert first.d.min() < 0.02
        assert last.d.min() < 0.02
        track = first.loc[first.d.idxmin(), "track_id"]
        assert last.loc[last.d.idxmin(), "track_id"] == track
        windows = rows[rows.track_id == track]
        assert (windows.faces >= windows.expected - 1).all()
        assert len(windows) == 5


def test_no_track_of_the_hamilton_clip_crosses_a_cut(clips: Path):
    """Cuts lie between the samples at 1.4 and 1.6 s, 3.4 and 3.6 s, 7.8 and 8.0 s."""
    rows = timeline(clips / "face_recognition__short_hamilton_clip.mp4")
    assert rows["track_id"].nunique() >= 8
    for cut in (1.6, 3.6, 8.0):
        # A window that lies on one side of the cut has faces of that side alone.
        before = set(rows[rows["window_end_s"] <= cut]["track_id"])
        after = set(rows[rows["window_start_s"] >= cut]["track_id"])
        assert not before & after


def test_a_track_ends_when_the_face_leaves(clips: Path):
    rows = timeline(clips / "pyfeat__face_noface.mov")
    assert rows["track_id"].nunique() == 1
    assert rows["window_end_s"].max() < 6.4 - 1


def test_a_track_begins_when_the_face_arrives(clips: Path):
    rows = timeline(clips / "pyfeat__noface_face.mov")
    assert rows["track_id"].nunique() == 1
    assert rows["window_start_s"].min() >= 2


def test_the_distressed_woman_smiles_in_the_end(clips: Path):
    rows = timeline(clips / "pyfeat__WolfgangLanger_Pexels.mp4")
    assert rows["track_id"].nunique() == 1
    late = rows[rows["window_start_s"] >= 12]
    assert len(late) == 8
    assert (late["emotion"] == "happiness").all()
    distress = rows[(rows["window_start_s"] >= 2) & (rows["window_end_s"] <= 8)]
    assert len(distress) == 5
    assert (distress["emotion"] == "happiness").sum() <= 1


def test_her_smile_is_one_episode(clips: Path):
    """It begins at about 9 s; her face has then been moving towards it for some seconds."""
    rows = timeline(clips / "pyfeat__WolfgangLanger_Pexels.mp4")
    probabilities = rows[[f"p_{emotion}" for emotion in streamfer.EMOTIONS]].to_numpy()
    episodes = find_episodes(rows["window"].to_numpy(), probabilities, streamfer.Analysis())
    *distress, smile = episodes
    assert smile.emotion == "happiness"
    assert abs(smile.start_s - 9) <= 1.5
    assert smile.end_s == rows["window_end_s"].max()
    assert "happiness" not in {episode.emotion for episode in distress}
    assert all(episode.start_s < 7.5 for episode in distress)


def test_the_rotated_file_is_upright(clips: Path):
    """It shows the same as the file it was made from, turned as its header says."""
    turned = probe(str(clips / "torchcodec__nasa_13013_rotated_v1.mp4"), Limits())
    plain = probe(str(clips / "torchcodec__nasa_13013.mp4"), Limits())
    assert (turned.width, turned.height) == (plain.height, plain.width)
    one = next(iter(SampleReader(turned, 5, 10, 11))).picture
    other = next(iter(SampleReader(plain, 5, 10, 11))).picture
    assert np.array_equal(one, np.rot90(other, turned.rotation // 90))
