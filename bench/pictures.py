"""
Redraw the pictures of the documentation.

The sample events go through the whole router, and Chromium takes pictures of the local Slack page.
Install the font Lato for pictures that look like Slack.
"""

import json
import shutil
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.stack import Stack

EVENTS: Final = TEMPLATE.parent / "events"
IMAGES: Final = TEMPLATE.parent / "docs" / "images"
# Picture name, event, and the channel with the message to take.
MESSAGES: Final = (
    ("card", "imported-guardduty-api-call", "#payments-threats"),
    ("control", "imported-securityhub-open-ports", "#payments-alert-security-hub"),
    ("vulnerability", "imported-inspector-ec2-package", "#web-shop-alert-inspector"),
)
PAGE_CHANNEL: Final = "#security-critical"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
MESSAGE_WIDTH: Final = 760
SHARPNESS: Final = 2
# Show only the message, without the frame and the tools that appear under the pointer.
BARE: Final = """
body { display: block; background: var(--ground); }
.bar, .sidebar, .channel > h1, .day, .tools { display: none; }
.channel, .scroll { overflow: visible; height: auto; border-radius: 0; }
.message { padding: 16px 20px; border: 1px solid var(--line); border-radius: 8px; }
.message:hover { background: none; }
"""


def main() -> None:
    """Draw all pictures."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        message = f"no browser: install one of {', '.join(BROWSERS)}"
        raise SystemExit(message)
    IMAGES.mkdir(exist_ok=True)
    with Stack() as stack, sync_playwright() as playwright:
        stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
        paths = [path for path in sorted(EVENTS.glob("*.json")) if path.name != "local-env.json"]
        events = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
        events.pop("sqs-batch")
        stack.send(list(events.values()))
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for name, event, channel in MESSAGES:
            title = events[event]["detail"]["findings"][0]["Title"]
            _take_message(browser, stack.slack.page_url, channel, title, IMAGES / f"{name}.png")
        _take_page(browser, stack.slack.page_url, IMAGES / "page.png")
        browser.close()


def _take_message(browser: Browser, url: str, channel: str, title: str, path: Path) -> None:
    page = _open(browser, url, channel, width=MESSAGE_WIDTH, height=1200)
    page.add_style_tag(content=BARE)
    page.locator("article.message", has_text=title).last.screenshot(path=path)
    _tell(path)


def _take_page(browser: Browser, url: str, path: Path) -> None:
    page = _open(browser, url, PAGE_CHANNEL, width=1000, height=684)
    page.screenshot(path=path)
    _tell(path)


def _open(browser: Browser, url: str, channel: str, *, width: int, height: int) -> Page:
    context = browser.new_context(
        color_scheme="light",
        device_scale_factor=SHARPNESS,
        viewport={"width": width, "height": height},
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(f"{url}archives/{channel.removeprefix('#')}")
    page.evaluate("document.fonts.ready")
    return page


def _tell(path: Path) -> None:
    print(f"{path.relative_to(TEMPLATE.parent)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
