"""A real browser, and reports in it."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from streamfer.report.tables import read_run
from streamfer.report.write import write_report

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Page:
    """A report that is open in the browser."""

    browser: Chrome

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def video(self, name: str) -> WebElement:
        """A video's line in the list."""
        return next(
            v for v in self.all(".video") if v.find_element(By.TAG_NAME, "bdi").text == name
        )

    def open(self, name: str) -> list[WebElement]:
        """Opens a video, if it is not, and returns its bands."""
        video = self.video(name)
        button = video.find_element(By.CSS_SELECTOR, "h3 button")
        if button.get_attribute("aria-expanded") == "false":
            self.click(button)
        return video.find_elements(By.CSS_SELECTOR, ".band")

    def click(self, element: WebElement) -> None:
        self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def show(self, element: WebElement) -> WebElement:
        """Scrolls to a band and waits until it is drawn."""
        self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        self.wait(lambda: self.run("return arguments[0].querySelector('.main-svg')", element))
        return element

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Any]) -> Any:
        """What a condition says as soon as it is true."""
        end = time.monotonic() + _PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < end, "the page does not come to it"
            time.sleep(0.02)
        return found

    def width(self, pixels: int, *, height: int = 900, touch: bool = False) -> None:
        size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": touch}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("there is no browser (Debian: apt-get install chromium chromium-driver)")
    options = ChromeOptions()
    options.binary_location = program
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with Chrome(options, Service(driver)) as browser:
        yield browser


@pytest.fixture
def visit(chromium: Chrome) -> Iterator[Callable[[Path], Page]]:
    """Opens a page. After the test its console must be empty."""

    def go(page: Path) -> Page:
        chromium.get(page.as_uri())
        opened = Page(chromium)
        opened.wait(lambda: not opened.all("[inert]"))  # all of it has been read
        return opened

    Page(chromium).width(1024)
    yield go
    assert chromium.get_log("browser") == []


def make_report(timelines: Path) -> Path:
    """The report of a run, beside its timelines."""
    page = timelines.with_suffix(".html")
    write_report(read_run(timelines), timelines.name, page)
    return page
