"""The browser of this machine, for tests that look at pages."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Error, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: install it, or name it in CHROMIUM"
)


@contextmanager
def open_window() -> Iterator[Page]:
    """Run a browser with one window until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


@contextmanager
def shown(
    window: Page, url: str, *, scheme: Literal["light", "dark"] = "light", height: int = 900
) -> Iterator[Page]:
    """
    Show *url* in the *window* to a new reader; fail for anything that its script throws.

    A window of its own would take a second of the CPU's time. This one forgets at the end of the
    block all that the reader chose.
    """
    thrown: list[str] = []

    def note(error: Error) -> None:
        thrown.append(str(error))

    window.emulate_media(color_scheme=scheme)
    window.set_viewport_size({"width": 1200, "height": height})
    window.on("pageerror", note)
    window.goto(url)
    try:
        yield window
    finally:
        window.remove_listener("pageerror", note)
        window.evaluate("localStorage.clear()")
        window.goto("about:blank")

    assert [] == thrown
