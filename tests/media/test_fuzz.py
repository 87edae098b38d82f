"""Broken videos through a real run: it ends, and all of them are in the ledger."""

from pathlib import Path

import pytest

from benchmarks.fuzz import CEILING_MIB, analyse, make_mutants, make_sources
from benchmarks.mutants import MUTATIONS, mutants
from tests.conftest import Demo


@pytest.fixture(scope="module")
def sources(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_sources(demo.path, tmp_path_factory.mktemp("fuzz") / "sources")


def test_mutants_follow_from_the_seed(sources):
    some = list(mutants(sources, 60, seed=1))
    assert some == list(mutants(sources, 60, seed=1))
    assert some != list(mutants(sources, 60, seed=2))
    assert [name for name, _ in some] == sorted({name for name, _ in some})
    originals = {source.read_bytes() for source in sources}
    # A few are as they were: one half was swapped with none, say.
    assert sum(data in originals for _, data in some) < 6
    assert all(any(kind in name for name, _ in some) for kind in MUTATIONS)


def assert_survived(folder: Path, count: int) -> None:
    outcome = analyse(folder, workers=2, timeout_s=60 + 5 * count)
    assert outcome["exit_code"] in (0, 3)
    assert outcome["files"] == count == sum(outcome["status"].values())
    assert outcome["without_reason"] == 0
    assert outcome["peak_memory_mib"] < CEILING_MIB
    assert not [row for row in outcome["reasons"] if "defect" in row[1] or "worker" in row[1]]
    assert sum(row[2] for row in outcome["reasons"]) == count - outcome["status"]["done"]
    # Most mutants still show something, and something is wrong with most of those.
    assert outcome["status"]["partial"] > 0.2 * count


@pytest.mark.timeout(300)
def test_thirty(sources, tmp_path):
    make_mutants(tmp_path / "mutants", sources, 30, seed=3)
    assert_survived(tmp_path / "mutants", 30)


@pytest.mark.slow
@pytest.mark.timeout(6000)
def test_a_thousand(sources, tmp_path):
    make_mutants(tmp_path / "mutants", sources, 1000, seed=0)
    assert_survived(tmp_path / "mutants", 1000)
