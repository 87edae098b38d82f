"""ELAN documents, read back by pympi."""

from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pympi
import pytest

from streamfer.emotion.labels import EMOTIONS
from streamfer.export.export import Format, export
from streamfer.store.output import safe_name
from streamfer.store.read import read
from tests.export.conftest import EMPTY, NAMES


@pytest.fixture(scope="module")
def out(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("elan")
    assert len(list(export(run, Format.ELAN, folder))) == len(NAMES) + 1
    return folder


@pytest.mark.parametrize("key", NAMES)
def test_a_tier_for_each_track_with_its_episodes(run, out, key):
    document = pympi.Elan.Eaf(str(out / f"{safe_name(key)}.eaf"))
    rows = [row for row in read(run, "episodes").to_pylist() if row["video"] == key]
    assert list(document.get_tier_names()) == ["track 0", "track 1", "track 2"]
    for track in range(3):
        found = document.get_annotation_data_for_tier(f"track {track}")
        assert [tuple(annotation[:3]) for annotation in found] == [
            (round(row["start_s"] * 1000), round(row["end_s"] * 1000), row["emotion"])
            for row in rows
            if row["track_id"] == track
        ]
        assert len(found) == 10


def test_labels_are_chosen_from_a_vocabulary(run, out):
    document = pympi.Elan.Eaf(str(out / "plain.mp4.eaf"))
    (entries, *_) = (document.get_cv_entries("emotions"),)
    assert {entry[0][0][0] for entry in entries.values()} == set(EMOTIONS)
    assert (
        document.get_parameters_for_linguistic_type("emotion")["CONTROLLED_VOCABULARY_REF"]
        == "emotions"
    )
    root = ET.parse(out / "plain.mp4.eaf").getroot()
    values = {e.get("CVE_ID"): e[0].text for e in root.iter("CV_ENTRY_ML")}
    annotations = list(root.iter("ALIGNABLE_ANNOTATION"))
    assert [values[a.get("CVE_REF")] for a in annotations] == [a[0].text for a in annotations]
    assert root.find("HEADER/PROPERTY").text == str(len(annotations)) == "30"


@pytest.mark.parametrize("key", NAMES)
def test_the_video_is_named_so_that_elan_finds_it(out, key):
    (media,) = pympi.Elan.Eaf(str(out / f"{safe_name(key)}.eaf")).media_descriptors
    expected = key if key.startswith("s3://") else f"./{key}"
    assert unquote(media["RELATIVE_MEDIA_URL"]) == unquote(media["MEDIA_URL"]) == expected
    assert media["MEDIA_URL"].isascii()
    assert media["MEDIA_URL"].isprintable()
    assert media["MIME_TYPE"] == ("video/mp4" if key.endswith(".mp4") else "unknown")


def test_a_video_without_a_face_has_no_tiers(out):
    assert not list(pympi.Elan.Eaf(str(out / f"{EMPTY}.eaf")).get_tier_names())
