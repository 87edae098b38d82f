"""The pictures of the report in docs/, made from a real run.

    python -m benchmarks.pictures FOLDER

runs `streamfer demo` in FOLDER (unless it has), makes its report and takes its pictures with
Debian's chromium and chromium-driver. No face is in them: half of the demo's people come from a
photograph whose licence is not stated.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import time
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
SCALE = 1.5


def main(folder: Path) -> None:
    """Take all pictures."""
    streamfer = "from streamfer.cli.main import main; main()"
    out, page = folder / "timelines.parquet", folder / "report.html"
    for arguments in (["demo", "--folder", folder], ["report", out, "--out", page]):
        subprocess.run([sys.executable, "-c", streamfer, *arguments], check=True)
    PICTURES.mkdir(exist_ok=True)
    options = ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    with Chrome(options, Service(shutil.which("chromedriver"))) as browser:
        for width, height in ((1600, 1000), (1024, 1300), (375, 1100)):
            _visit(browser, page, width, height)
            if width > 375:
                bands = browser.find_elements(By.CSS_SELECTOR, ".chart")
                bands[0].send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * 7)
            _take(browser, f"report-{width}")
        _visit(browser, page, 1600, 640)
        for box in browser.find_elements(By.CSS_SELECTOR, "input[data-key]")[1:4]:
            browser.execute_script("arguments[0].click()", box)
        browser.find_element(By.CSS_SELECTOR, "#tray .go").click()
        _take(browser, "report-side-by-side")


def _visit(browser: Chrome, page: Path, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": SCALE, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.absolute().as_uri())
    browser.execute_script("document.getElementById('videos').scrollIntoView()")
    time.sleep(2)  # bands are drawn when they come into sight


def _take(browser: Chrome, name: str) -> None:
    time.sleep(2)
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 80})
    (PICTURES / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
