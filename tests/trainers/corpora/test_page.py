"""docs/corpora.md: its adapter reads, its table of clips is one, and it says what the code says."""

import re

import pytest

from tests.commands import ROOT
from tests.trainers.corpora.trees import plant
from trainers.corpora import generic
from trainers.corpora.catalogue import CATALOGUE
from trainers.corpora.samples import Seconds

PAGE = (ROOT / "docs" / "corpora.md").read_text(encoding="utf-8")


def block(kind):
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return text


def test_the_adapter_reads(tmp_path):
    module = {}
    exec(block("python"), module)
    root = plant(tmp_path, ["a/ANNA_happiness_03.mp4", "BEN_anger_01.avi", "BEN_bored_01.avi"])
    reading = module["read"](root)
    assert reading.counts() == (0, 1, 0, 0, 0, 0, 1)
    assert [clip.participant for clip in reading.samples] == ["ANNA", "BEN"]
    assert len(reading.omitted) == 1


def test_the_table_of_clips_is_one(tmp_path):
    names = ["interviews/01.mp4", "interviews/02.mp4"]
    root = plant(tmp_path, names, {"clips.csv": block("csv")})
    clips = generic.read("interviews", root).samples
    assert [clip.span for clip in clips] == [Seconds(0, 4.2), Seconds(4.2, 9.6), None]


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "press"])
def test_each_corpus_is_described(name):
    (row,) = re.findall(rf"^\| {name} \|.*$", PAGE, re.MULTILINE)
    assert CATALOGUE[name].source.split(" (")[0] in row
