"""`python -m bench.page`.

How soon the page can be used, in a browser that knows nothing of it yet.
"""

import shutil
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from bench.markdown import say, show
from bench.rounds import MEDIANS, ROUNDS, take_turns
from bench.server import Server, wait_for

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
VIEWS: Final = {
    "the start: its lists": ("/", "section:last-of-type .tile"),
    "a dataset: its columns": ("/datasets/sample", ".columns tbody tr"),
    "a version: its segments": ("/models/sample", ".cards > li"),
}


def main() -> None:
    """Measure each view."""
    say(MEDIANS.format(ROUNDS))
    with TemporaryDirectory() as directory, Server(Path(directory) / "home", "--sample") as server:
        wait_for(
            lambda: server.http.get("/v1/models/sample/versions/production/segments").is_success,
            "the sample's model",
        )
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            looks = {
                name: partial(_milliseconds, browser, str(server.http.base_url), *view)
                for name, view in VIEWS.items()
            }
            measured = take_turns(looks)
            browser.close()
    show({name: {"ms": figure} for name, figure in measured.items()}, "from the address to")


def _milliseconds(browser: Browser, address: str, view: str, awaited: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    started = time.perf_counter()
    page.goto(f"{address}/#{view}")
    page.wait_for_selector(awaited)
    took = (time.perf_counter() - started) * 1000
    context.close()
    return took


if __name__ == "__main__":
    main()
