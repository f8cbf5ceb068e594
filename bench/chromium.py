"""A Chromium for the scripts that look at the local Slack's page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
# Show only messages, without the frame and the tools that appear under the pointer.
BARE: Final = """
body { display: block; background: var(--ground); }
.bar, .sidebar, .channel > h1, .day, .tools { display: none; }
.channel, .scroll { overflow: visible; height: auto; border-radius: 0; }
.message:hover { background: none; }
"""


class NoBrowserError(Exception):
    """Neither Playwright nor a browser can be found; the message says which."""


@contextmanager
def chromium() -> Iterator["Browser"]:
    """
    Run the browser that CHROMIUM names, or the first of `BROWSERS` on PATH.

    Raises:
        NoBrowserError: There is none, or no Playwright.

    """
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- part of development
    except ImportError as error:
        problem = "no Playwright: run `make setup`"
        raise NoBrowserError(problem) from error
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        problem = f"no browser: install one of {', '.join(BROWSERS)}, or name it in CHROMIUM"
        raise NoBrowserError(problem)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: "Browser", url: str, *, width: int, height: int, sharpness: int) -> "Page":
    """Open *url* in a light window of that size, at *sharpness* pixels for each of CSS."""
    context = browser.new_context(
        color_scheme="light",
        device_scale_factor=sharpness,
        viewport={"width": width, "height": height},
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(url)
    page.evaluate("document.fonts.ready")
    return page
