"""
Redraw the pictures of the documentation.

The sample events go through the whole router, and Chromium takes pictures of the local Slack page.
Install the font Lato for pictures that look like Slack.
"""

import json
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from chromium import BARE, NoBrowserError, chromium, open_page
from finding_router.findings.short_id import short_id
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
MESSAGE_WIDTH: Final = 760
SHARPNESS: Final = 2
# A message alone, in a frame of its own.
FRAMED: Final = f"""{BARE}
.message {{ padding: 16px 20px; border: 1px solid var(--line); border-radius: 8px; }}
"""


def main() -> None:
    """Draw all pictures."""
    try:
        draw()
    except NoBrowserError as error:
        raise SystemExit(str(error)) from error


def draw() -> None:
    """Send the samples through a stack, and take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with chromium() as browser, Stack() as stack:
        stack.put_routes(json.loads(EXAMPLE_ROUTES.read_text("utf-8")))
        paths = [path for path in sorted(EVENTS.glob("*.json")) if path.name != "local-env.json"]
        events = {path.stem: json.loads(path.read_text("utf-8")) for path in paths}
        events.pop("sqs-batch")
        stack.send(list(events.values()))
        for name, event, channel in MESSAGES:
            name_on_card = f"finding {short_id(events[event]['detail']['findings'][0]['Id'])}"
            path = IMAGES / f"{name}.png"
            _take_message(browser, stack.slack.page_url, channel, name_on_card, path)
        _take_page(browser, stack.slack.page_url, IMAGES / "page.png")


def _take_message(browser: Browser, url: str, channel: str, text: str, path: Path) -> None:
    page = _open(browser, url, channel, width=MESSAGE_WIDTH, height=1200)
    page.add_style_tag(content=FRAMED)
    page.locator("article.message", has_text=text).last.screenshot(path=path)
    _tell(path)


def _take_page(browser: Browser, url: str, path: Path) -> None:
    page = _open(browser, url, PAGE_CHANNEL, width=1000, height=684)
    page.screenshot(path=path)
    _tell(path)


def _open(browser: Browser, url: str, channel: str, *, width: int, height: int) -> Page:
    address = f"{url}archives/{channel.removeprefix('#')}"
    return open_page(browser, address, width=width, height=height, sharpness=SHARPNESS)


def _tell(path: Path) -> None:
    print(f"{path.relative_to(TEMPLATE.parent)}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
