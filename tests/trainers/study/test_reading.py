"""What the study reads of corpora of pictures, and how it tells whether that has changed."""

import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.trainers.study.test_run import write_stills
from trainers.corpora.samples import Still
from trainers.study.findings import Findings
from trainers.study.reading import UNREADABLE, read_corpora, samples_digest
from trainers.study.settings import load
from trainers.study.work import Work


@pytest.fixture
def still(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.zeros((40, 40), np.uint8))
    return Still("mine", "a", path, "", label=3)


def test_another_box_or_another_file_is_another_sample(still):
    first = samples_digest([still])
    assert samples_digest([still]) == first
    assert samples_digest([replace(still, box=(0, 0, 20, 20))]) != first
    assert samples_digest([replace(still, member="b")]) != first
    state = still.source.stat()
    os.utime(still.source, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert samples_digest([still]) != first


def test_a_damaged_picture_is_left_out_and_counted_once_for_all(tmp_path):
    write_stills(tmp_path / "corpora" / "mine", 28)
    (tmp_path / "corpora" / "mine" / "5.png").write_bytes(b"no picture")
    told = []
    for _ in range(2):
        found = Findings()
        work = Work(tmp_path / "corpora", tmp_path, told.append)
        read_corpora(tmp_path / "corpora", load(None, {}), work, found, told.append)
        reading = found.readings["mine"]
        assert len(reading.samples) == 26
        assert not any(one.source.name == "5.png" for one in reading.samples)
        assert found.left["mine"][UNREADABLE] == 1
        assert work.failed == {}
    assert told.count("reading mine …") == 1
    assert told.count("reading mine: was done before") == 1
