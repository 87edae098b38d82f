"""A report stays small and opens at once, whatever the run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streamfer.report.page import build
from streamfer.report.tables import read_run
from tests.report.conftest import Page, make_report
from tests.report.runs import Made, write_run

Visit = Callable[[Path], Page]


def many(videos: int, *tracks: tuple[int, int]) -> list[Made]:
    end = max(first + count for first, count in tracks) + 2
    return [Made(f"interviews/person {n:04}.mp4", end, tracks) for n in range(videos)]


def test_the_page_keeps_within_its_room(tmp_path: Path):
    run = read_run(write_run(tmp_path / "t.parquet", many(20, (0, 590), (30, 20))))
    fine = build(run, "t.parquet", 1_000_000)
    coarse = build(run, "t.parquet", 80_000)
    assert 20 * 8 * 610 < sum(map(len, fine[1])) < 1_000_000
    assert sum(len(text.encode()) for text in [coarse[0], *coarse[1]]) < 80_000
    assert all('"step":1,"count":20,' in part for part in coarse[1])


def processor_s(page: Page) -> float:
    """Seconds of processor time that the page has taken: others use the machine too."""
    page.browser.execute_cdp_cmd("Performance.enable", {})
    metrics = page.browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "ProcessTime")


@pytest.mark.slow
@pytest.mark.parametrize("tracks", [((0, 597), (30, 400), (100, 300)), ((0, 3590), (30, 3000))])
def test_five_hundred_videos(visit: Visit, tmp_path: Path, tracks: tuple[tuple[int, int], ...]):
    report = make_report(write_run(tmp_path / "t.parquet", many(500, *tracks)))
    assert report.stat().st_size < 20_000_000
    page = visit(report)
    before = processor_s(page)
    page = visit(report)
    page.wait(lambda: page.all(".main-svg"))
    assert processor_s(page) - before < 3
    assert len(page.all(".video")) == 500
