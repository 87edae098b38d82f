"""The page in a real browser: what it shows is what the tables hold, and nothing breaks it."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from streamfer.emotion.labels import EMOTIONS
from tests.report.conftest import Page, make_report
from tests.report.runs import Made, write_run

Visit = Callable[[Path], Page]
EVIL = "<script>alert(1)</script>.mp4"
QUOTED = '"><img src=x onerror=alert(2)>{{parts}}&amp;.mp4'
RIGHT_TO_LEFT = "مقابلة \u202e 4pm.mp4"
VIDEOS = [
    Made("plain.mp4", 60, ((0, 58), (12, 5), (30, 25))),
    Made("second.mp4", 30, ((0, 28),)),
    Made(EVIL),
    Made(QUOTED, status="partial", reason="</script><script>alert(3)</script>"),
    Made(RIGHT_TO_LEFT),
    Made("long/" + "name" * 60 + ".mp4"),
    Made("broken.mp4", 0, (), "failed", "The file is empty."),
    Made("nobody.mp4", 30, ()),
    Made("dozen.mp4", 60, tuple((n, 40) for n in range(12))),
    Made("hundred.mp4", 300, tuple((2 * n, 3 + n % 40) for n in range(100))),
    Made("five hours.mp4", 18_000, ((0, 17_990), (4_000, 9_000), (17_900, 5))),
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run") / "t.parquet", VIDEOS)


@pytest.fixture(scope="module")
def report(out: Path) -> Path:
    return make_report(out)


@pytest.fixture
def page(visit: Visit, report: Path) -> Page:
    return visit(report)


def chart(band: WebElement) -> WebElement:
    return band.find_element(By.CSS_SELECTOR, ".chart")


def shown(page: Page, band: WebElement) -> tuple[float, float]:
    """The times between which a band is drawn."""
    return tuple(page.run("return arguments[0].querySelector('.plot').layout.xaxis.range", band))


def test_every_video_and_each_track_has_its_band(page: Page):
    assert len(page.all(".video")) == len(VIDEOS)
    for video in VIDEOS:
        assert len(page.open(video.video)) == len(video.tracks)
    assert len(page.all(".band")) == sum(len(video.tracks) for video in VIDEOS)


def test_the_overview_adds_up(page: Page, out: Path):
    rows = pd.read_parquet(out)
    tiles = [tile.text.splitlines()[1:] for tile in page.all("#tiles > div")]
    assert [tile[0] for tile in tiles[:3]] == ["11", "123", "5 h 09 min"]
    assert tiles[0][1] == "1 partial, 1 failed"
    shares = rows["emotion"].value_counts(normalize=True)
    for emotion, row in zip(EMOTIONS, page.all("#shares tr"), strict=True):
        name, percent = row.text.split()[:2]
        assert (name, percent) == (emotion, f"{round(100 * shares[emotion])}")
    problems = [item.text for item in page.all("#problems li")]
    assert problems == [
        f"{QUOTED}partial </script><script>alert(3)</script>",
        "broken.mp4failed The file is empty.",
    ]
    assert "centerface" in page.one("#models").get_attribute("textContent")
    assert "not a felt emotion" in page.one(".note").text


def test_names_are_text(page: Page):
    names = [name.text for name in page.all(".video bdi")]
    assert set(names) == {video.video for video in VIDEOS}
    assert page.all(".video img") == []
    assert len(page.all("script")) == 3 + len(VIDEOS)
    for name in (EVIL, QUOTED, RIGHT_TO_LEFT):
        (band,) = page.open(name)
        assert band.get_attribute("aria-label") == f"Track 0 of {name}"


def test_the_page_loads_nothing_and_runs_nothing_else(page: Page):
    page.show(page.all(".band")[0])
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    page.run(
        "for (const text of ['window.ran = 1', 'window.ran = 2']) {"
        "  const script = document.createElement('script'); script.textContent = text;"
        "  document.body.append(script); }"
        "const picture = new Image(); picture.src = 'file:///nowhere.png';"
        "document.body.append(picture);"
    )
    said = page.wait(lambda: page.browser.get_log("browser"))
    assert page.run("return window.ran") is None
    assert all("Content Security Policy" in entry["message"] for entry in said)


def test_pointing_shows_the_values_of_that_window(page: Page, out: Path):
    rows = pd.read_parquet(out).query("video == 'second.mp4'").set_index("window")
    band = page.show(page.open("second.mp4")[0])
    plot = band.find_element(By.CSS_SELECTOR, ".plot")
    left, width = page.run(
        "const b = arguments[0].getBoundingClientRect();"
        "const margin = arguments[0].layout.margin;"
        "return [margin.l - b.width / 2, b.width - margin.l - margin.r]",
        plot,
    )
    for window in (1, 7, 22):
        # Window w is drawn between w + 0.5 and w + 1.5 s, of 30 s.
        x = left + width * (window + 1) / 30
        ActionChains(page.browser).move_to_element_with_offset(plot, round(x), 0).perform()
        box = page.one("#values")
        assert box.is_displayed()
        assert box.text.splitlines()[0] == f"0:{window:02} – 0:{window + 2:02}"
        found = dict(re.findall(r"(\w+)\s+(?:< )?(\d+) %", box.text))
        for emotion in EMOTIONS:
            assert abs(int(found[emotion]) - 100 * rows.loc[window, f"p_{emotion}"]) < 1.3
        seen = round(100 * rows.loc[window, "faces"] / 10)
        assert f"face seen in {seen} % of the frames" in box.text
    # Windows 13, 14 and 15 have no row.
    x = left + width * 15 / 30
    ActionChains(page.browser).move_to_element_with_offset(plot, round(x), 0).perform()
    assert page.one("#values").text.splitlines() == ["0:14 – 0:16", "face not seen"]


def test_the_areas_fill_the_band_and_where_the_face_is_away_it_is_hatched(page: Page):
    band = page.show(page.open("second.mp4")[0])
    traces = page.run(
        "return arguments[0].querySelector('.plot').data.map("
        "  (trace) => ({ y: [...trace.y], x: [...trace.x], shape: trace.fillpattern?.shape }))",
        band,
    )
    *areas, away, coverage = traces
    assert len(areas) == len(EMOTIONS)
    for heights in zip(*(area["y"] for area in [*areas, away]), strict=True):
        assert sum(heights) == pytest.approx(1)
    assert away["shape"] == "/"
    hatched = [x for x, y in zip(away["x"], away["y"], strict=True) if y]
    assert hatched == [14, 14.5, 15.5]
    assert [x for x, y in zip(coverage["x"], coverage["y"], strict=True) if not y] == hatched


def test_episodes_are_labelled_and_lead_to_themselves(page: Page, out: Path):
    episodes = pd.read_parquet(out.with_name("t.episodes.parquet")).query("video == 'second.mp4'")
    band = page.show(page.open("second.mp4")[0])
    labels = band.find_elements(By.CSS_SELECTOR, ".lane li")
    assert [label.get_attribute("textContent") for label in labels] == episodes["emotion"].to_list()
    lane = page.run(
        "return arguments[0].getBoundingClientRect()", labels[0].find_element(By.XPATH, "..")
    )
    for label, episode in zip(labels, episodes.itertuples(), strict=True):
        box = page.run("return arguments[0].getBoundingClientRect()", label)
        assert box["left"] - lane["left"] == pytest.approx(
            episode.start_s / 30 * lane["width"], abs=1
        )
        assert box["right"] - lane["left"] == pytest.approx(
            episode.end_s / 30 * lane["width"], abs=1
        )
    labels[1].click()
    start, end = shown(page, band)
    episode = episodes.iloc[1]
    assert start < episode["start_s"] < episode["end_s"] < end < 30


def test_the_keyboard_is_enough(page: Page, out: Path):
    rows = pd.read_parquet(out).query("video == 'plain.mp4' and track_id == 1")
    page.click(page.video("plain.mp4").find_element(By.CSS_SELECTOR, "h3 button"))
    keys = page.browser.switch_to
    while (focused := keys.active_element).get_attribute("aria-label") != (
        "Track 1 of plain.mp4: probabilities over time"
    ):
        focused.send_keys(Keys.TAB)
    band = focused.find_element(By.XPATH, "..")
    page.wait(lambda: page.run("return arguments[0].querySelector('.main-svg')", band))
    focused.send_keys(Keys.HOME)
    for row in rows.itertuples():
        said = focused.get_attribute("aria-valuetext")
        at = f"0:{row.window:02} to 0:{row.window + 2:02}"
        assert said.startswith(f"{at}: {row.emotion} ")
        assert page.one("#values").text.startswith(at.replace("to", "–"))
        focused.send_keys(Keys.ARROW_RIGHT)
    assert focused.get_attribute("aria-valuetext") == said  # there is no more
    assert shown(page, band) == (0, 60)
    focused.send_keys("+")
    assert shown(page, band)[1] - shown(page, band)[0] == pytest.approx(30)
    focused.send_keys("0")
    assert shown(page, band) == (0, 60)
    focused.send_keys(Keys.ESCAPE)
    assert not page.one("#values").is_displayed()


def test_keys_go_from_episode_to_episode(page: Page, out: Path):
    episodes = pd.read_parquet(out.with_name("t.episodes.parquet")).query("video == 'second.mp4'")
    slider = chart(page.show(page.open("second.mp4")[0]))
    slider.send_keys(Keys.HOME)
    found = []
    for _ in range(len(episodes) - 1):
        slider.send_keys("]")
        found.append(float(slider.get_attribute("aria-valuenow")))
    assert found == episodes["start_s"].to_list()[1:]
    slider.send_keys("[")
    assert float(slider.get_attribute("aria-valuenow")) == found[-2]


def test_dragging_zooms_all_bands_of_the_video(page: Page):
    bands = page.open("plain.mp4")
    for band in bands:
        page.show(band)
    plot = bands[2].find_element(By.CSS_SELECTOR, ".plot")
    drag = ActionChains(page.browser).move_to_element_with_offset(plot, -100, 0)
    drag.click_and_hold().move_by_offset(150, 0).release().perform()
    page.wait(lambda: shown(page, bands[2]) != (0, 60))
    start, end = shown(page, bands[2])
    width = plot.size["width"] - 56
    assert end - start == pytest.approx(150 / width * 60, rel=0.05)
    assert shown(page, bands[0]) == shown(page, bands[1]) == (start, end)
    page.click(
        page.video("plain.mp4").find_element(By.CSS_SELECTOR, "button[aria-label$='whole video']")
    )
    assert shown(page, bands[2]) == (0, 60)


def test_videos_and_tracks_side_by_side(page: Page):
    page.open("plain.mp4")
    for label in ("Compare second.mp4", "Compare Track 1 of plain.mp4", "Compare hundred.mp4"):
        page.click(page.one(f"input[aria-label='{label}']"))
    assert page.one("#tray output").text == "3 chosen"
    page.one("#tray .go").click()
    sides = page.all(".side")
    assert [side.find_element(By.TAG_NAME, "h4").text.split("\n") for side in sides] == [
        ["second.mp4", "all tracks together"],
        ["plain.mp4", "track 1"],
        ["hundred.mp4", "all tracks together"],
    ]
    assert {shown(page, page.show(side)) for side in sides} == {(0, 300)}
    sides[1].find_element(By.TAG_NAME, "button").click()
    assert len(page.all(".side")) == 2
    assert not page.one("input[aria-label='Compare Track 1 of plain.mp4']").is_selected()
    page.one("#tray .clear").click()
    assert not page.one("#compare").is_displayed()


def test_finding_and_ordering(page: Page):
    order = Select(page.one("#find select"))
    order.select_by_visible_text("Longest")
    assert page.all(".video bdi")[0].text == "five hours.mp4"
    order.select_by_visible_text("Problems")
    assert page.all(".video bdi")[0].text == "broken.mp4"
    page.one("#find input").send_keys("HUND")
    assert [name.text for name in page.all(".video bdi")] == ["hundred.mp4"]
    assert page.one("#find output").text == "1 of 11 videos"
    page.click(page.all("#problems button")[1])
    assert len(page.all(".video")) == len(VIDEOS)
    assert page.video("broken.mp4").find_element(By.CSS_SELECTOR, ".warning").is_displayed()


@pytest.mark.parametrize("width", [375, 1024, 1600])
def test_nothing_sticks_out_at_any_width(page: Page, width: int):
    page.width(width, touch=width == 375)
    page.browser.refresh()
    for video in VIDEOS:
        for band in page.open(video.video)[:2]:
            page.show(band)
    for details in page.all("summary"):
        page.click(details)
    page.click(page.one("input[aria-label='Compare hundred.mp4']"))
    page.one("#tray .go").click()
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.run(
        "return [...document.querySelectorAll('.main-svg')].every((svg) => "
        "svg.getBoundingClientRect().right <= innerWidth)"
    )


def test_a_tap_shows_the_values(page: Page):
    page.width(375, touch=True)
    page.browser.refresh()
    slider = chart(page.show(page.open("second.mp4")[0]))
    slider.click()
    assert page.one("#values").is_displayed()
    box = page.run("return document.getElementById('values').getBoundingClientRect()")
    assert box["left"] >= 0
    assert box["right"] <= 375


def test_paper_shows_all_that_is_opened(page: Page):
    bands = page.open("dozen.mp4")
    page.browser.execute_cdp_cmd("Page.printToPDF", {})
    for band in bands:
        assert band.find_elements(By.CSS_SELECTOR, ".main-svg")
    page.wait(lambda: page.run("return settings.printing") is False)


def test_an_empty_run(visit: Visit, tmp_path: Path):
    page = visit(make_report(write_run(tmp_path / "t.parquet", [])))
    assert page.one("#find output").text == "0 videos"
    assert page.all(".band") == []
    assert "0 s" in page.one("#tiles").text


def test_timelines_alone(visit: Visit, tmp_path: Path):
    page = visit(make_report(write_run(tmp_path / "t.parquet", VIDEOS[:2], ["timelines"])))
    assert len(page.all("#warnings .warning")) == 3
    assert len(page.open("plain.mp4")) == 3
    page.show(page.open("second.mp4")[0])
