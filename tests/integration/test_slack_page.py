"""The page of the local Slack in a real browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient

from chromium import needs_chromium, shown
from finding_router_local.slack import SlackServer, render_page

pytestmark = needs_chromium

BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "An exposed key"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Account*\npayments"}},
]
HOSTILE = [
    "<script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title = 'owned'\">",
    "<javascript:document.title='owned'|click me>",
    "<https://a.example/\"onmouseover=\"document.title='owned'|hover me>",
    "</pre></article><svg onload=\"document.title='owned'\">",
]


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    """Serve a workspace with two channels."""
    with SlackServer(channels=["alerts", "others"], pace=False) as server:
        yield server


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    """Return a client of *slack*."""
    return WebClient(slack.token, base_url=slack.base_url, retry_handlers=[])


@pytest.fixture
def page(window: Page, slack: SlackServer) -> Iterator[Page]:
    """Open the page in the light; fail for anything that its script throws."""
    with shown(window, f"{slack.page_url}archives/alerts") as opened:
        yield opened


LIGHT, DARK = "rgb(255, 255, 255)", "rgb(26, 29, 33)"


def expect_ground(page: Page, colour: str) -> None:
    """Wait for that colour behind the messages."""
    expect(page.locator(".channel").first).to_have_css("background-color", colour)


class TestLive:
    """The page follows its server."""

    def test_a_message_appears_by_itself(self, page: Page, client: WebClient) -> None:
        """A message posted while the page is open appears without a reload."""
        expect(page.locator("#status")).to_have_text("live")
        client.chat_postMessage(channel="#alerts", text="for phones", blocks=BLOCKS)

        expect(page.locator("article h3")).to_have_text("An exposed key")
        expect(page.locator("article b")).to_have_text("Account")
        expect(page.locator("article .author")).to_have_text("Security Hub Router")

    def test_an_update_replaces_what_is_shown(self, page: Page, client: WebClient) -> None:
        """An edited message changes in place, and is marked as edited."""
        posted = client.chat_postMessage(channel="#alerts", text="open")
        expect(page.locator("article")).to_contain_text("open")
        client.chat_update(channel=posted["channel"], ts=posted["ts"], text="resolved")

        expect(page.locator("article .text")).to_have_text("resolved (edited)")

    def test_a_reply_joins_its_thread(self, page: Page, client: WebClient) -> None:
        """A reply stands under its parent, a broadcast one in the channel as well."""
        parent = client.chat_postMessage(channel="#alerts", text="parent")
        for text, loud in (("quiet", False), ("loud", True)):
            client.chat_postMessage(
                channel="#alerts", text=text, thread_ts=parent["ts"], reply_broadcast=loud
            )

        expect(page.locator(".thread summary b")).to_have_text("2 replies")
        expect(page.locator(".replies article")).to_have_count(2)
        expect(page.locator(".log > article")).to_have_count(2)
        expect(page.locator(".log > article .byline + .replied")).to_have_text(
            "replied to a thread: parent"
        )

    def test_what_was_opened_stays_open(self, page: Page, client: WebClient) -> None:
        """A new message does not close the parts that a reader has opened."""
        client.chat_postMessage(channel="#alerts", text="first")
        page.locator("article").hover()
        page.get_by_role("button", name="Raw JSON").click()
        client.chat_postMessage(channel="#alerts", text="second")

        expect(page.locator("article")).to_have_count(2)
        expect(page.locator("article").first.locator(".json")).to_be_visible()

    def test_other_channels_count_what_is_new(self, page: Page, client: WebClient) -> None:
        """A message elsewhere makes its channel stand out; there it can be read."""
        client.chat_postMessage(channel="#others", text="elsewhere")
        link = page.get_by_role("link", name="others")

        expect(link).to_have_class("unread")
        link.click()
        expect(page.locator("article .text")).to_have_text("elsewhere")

    def test_a_server_that_went_away_is_noticed(self, page: Page, slack: SlackServer) -> None:
        """The page shows that its server is gone, and that it is back."""
        expect(page.locator("#status")).to_have_text("live")
        slack.stop()
        expect(page.locator("#status")).to_have_text("server is away")
        slack.start()
        expect(page.locator("#status")).to_have_text("live", timeout=20_000)


class TestLooks:
    """Light, dark, and the details behind a message."""

    @pytest.mark.parametrize(("scheme", "colour"), [("light", LIGHT), ("dark", DARK)])
    def test_the_system_decides_between_light_and_dark(
        self, window: Page, slack: SlackServer, scheme: str, colour: str
    ) -> None:
        """A reader whose system is dark gets a dark page."""
        with shown(window, slack.page_url, scheme=scheme) as opened:
            expect_ground(opened, colour)

    def test_the_button_switches_and_is_remembered(self, page: Page) -> None:
        """The reader's choice holds over a reload."""
        page.locator("#theme").click()
        expect_ground(page, DARK)
        page.reload()
        expect_ground(page, DARK)
        page.locator("#theme").click()
        expect_ground(page, LIGHT)

    def test_the_raw_json_is_a_click_away(self, page: Page, client: WebClient) -> None:
        """The arguments of the call open and close behind their message."""
        client.chat_postMessage(channel="#alerts", text="for phones", blocks=BLOCKS)
        shown = page.locator("article .json")
        button = page.get_by_role("button", name="Raw JSON")
        expect(shown).to_be_hidden()
        page.locator("article").hover()
        button.click()
        expect(shown).to_be_visible()

        assert BLOCKS == json.loads(shown.inner_text())["blocks"]
        button.click()
        expect(shown).to_be_hidden()

    def test_the_builder_is_a_click_away(self, page: Page, client: WebClient) -> None:
        """The link to Block Kit Builder holds the blocks."""
        client.chat_postMessage(channel="#alerts", text="for phones", blocks=BLOCKS)
        link = page.get_by_role("link", name="Block Kit Builder")
        href = link.get_attribute("href")

        assert href is not None
        assert {"blocks": BLOCKS} == json.loads(unquote(href.partition("#")[2]))

    def test_a_bar_has_its_attachment_s_colour(self, page: Page, client: WebClient) -> None:
        """The severity's colour is drawn beside the card."""
        client.chat_postMessage(
            channel="#alerts", text="a", attachments=[{"color": "#d13212", "blocks": BLOCKS}]
        )
        colour = page.locator(".attachment").evaluate(
            "each => getComputedStyle(each, '::before').backgroundColor"
        )

        assert "rgb(209, 50, 18)" == colour

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_can_be_read(
        self, window: Page, slack: SlackServer, client: WebClient, scheme: str
    ) -> None:
        """Text, links, code and small print have a contrast of 4.5 to 1 at least (WCAG 2.2 AA)."""
        text = "word <https://a.example|link> `code` <!here> <@U1>"
        context_block = {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}
        section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        client.chat_postMessage(channel="#alerts", text="a", blocks=[section, context_block])
        with shown(window, f"{slack.page_url}archives/alerts", scheme=scheme) as opened:
            contrasts = opened.evaluate(CONTRASTS)

        assert {} == {name: ratio for name, ratio in contrasts.items() if ratio < 4.5}

    def test_a_narrow_window_is_enough(self, page: Page, client: WebClient) -> None:
        """On a phone nothing is wider than the screen."""
        client.chat_postMessage(
            channel="#alerts", text="a", attachments=[{"color": "#d13212", "blocks": BLOCKS}]
        )
        page.set_viewport_size({"width": 390, "height": 800})
        expect(page.locator("article h3")).to_be_visible()

        assert 390 == page.evaluate("document.documentElement.scrollWidth")

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_picture_of_it_is_not_empty(
        self, window: Page, slack: SlackServer, client: WebClient, scheme: str
    ) -> None:
        """A screenshot of a message holds more than one colour."""
        client.chat_postMessage(
            channel="#alerts", text="a", attachments=[{"color": "#d13212", "blocks": BLOCKS}]
        )
        with shown(window, f"{slack.page_url}archives/alerts", scheme=scheme) as opened:
            picture = opened.locator("article").screenshot(type="png")
            empty = opened.locator(".log").evaluate("each => { each.innerHTML = '' }")
            blank = opened.locator(".scroll").screenshot(type="png")

        assert empty is None
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 2 * len(blank)


LINES = "\n".join(f"line {number}" for number in range(1, 9))
LONG = [{"type": "section", "text": {"type": "mrkdwn", "text": LINES}}]


class TestFolds:
    """Long attachments are folded, as Slack folds them."""

    def test_a_click_shows_the_rest(self, page: Page, client: WebClient) -> None:
        """Behind "Show more" is the rest, and another click folds it again."""
        client.chat_postMessage(
            channel="#alerts", text="a", blocks=LONG, attachments=[{"blocks": LONG}]
        )
        shown = page.locator(".attachment .text")
        expect(page.locator(".log .text").first).to_contain_text("line 8")
        expect(shown.first).to_have_text(re.compile(r"line 5$"))
        expect(shown.last).to_be_hidden()
        page.get_by_role("button", name="Show more").click()
        expect(shown.last).to_be_visible()
        expect(shown.last).to_have_text("line 6line 7line 8")
        page.get_by_role("button", name="Show less").click()
        expect(shown.last).to_be_hidden()

    def test_a_short_one_has_no_button(self, page: Page, client: WebClient) -> None:
        """An attachment of five lines at most is shown whole."""
        client.chat_postMessage(channel="#alerts", text="a", attachments=[{"blocks": BLOCKS}])
        expect(page.locator(".attachment")).to_be_visible()
        expect(page.locator(".more")).to_have_count(0)

    def test_an_update_leaves_it_unfolded(self, page: Page, client: WebClient) -> None:
        """Neither a change of the message nor another message folds what a reader unfolded."""
        posted = client.chat_postMessage(
            channel="#alerts", text="a", attachments=[{"blocks": LONG}]
        )
        page.get_by_role("button", name="Show more").click()
        client.chat_update(
            channel=posted["channel"],
            ts=posted["ts"],
            text="b",
            attachments=[{"blocks": [*LONG, *BLOCKS]}],
        )
        client.chat_postMessage(channel="#alerts", text="another")
        expect(page.locator("article")).to_have_count(2)
        expect(page.locator(".edited")).to_be_visible()
        expect(page.locator(".attachment .rest h3")).to_be_visible()


class TestWidths:
    """The page shows messages as wide as on a desk, on a phone, or both."""

    @pytest.fixture(autouse=True)
    def _posted(self, client: WebClient) -> None:
        client.chat_postMessage(channel="#alerts", text="a", attachments=[{"blocks": LONG}])

    @pytest.mark.parametrize(("width", "pixels"), [("desktop", 936), ("phone", 390)])
    def test_the_address_says_how_wide(self, page: Page, width: str, pixels: int) -> None:
        """With ?width=phone the channel is as wide as a phone."""
        page.goto(f"{page.url.partition('?')[0]}?width={width}")
        expect(page.locator("article")).to_have_count(1)

        assert pixels == page.locator(".channel").evaluate("each => each.offsetWidth")
        expect(page.get_by_role("button", name=width.capitalize())).to_have_attribute(
            "aria-pressed", "true"
        )

    def test_both_stand_side_by_side(self, page: Page, client: WebClient) -> None:
        """Each side has its own folds, and both follow the server."""
        page.goto(f"{page.url}?width=both")
        desk, phone = page.locator("#messages"), page.locator("#phone")
        expect(page.locator("#status")).to_have_text("live")
        phone.get_by_role("button", name="Show more").click()
        expect(phone.locator(".rest")).to_be_visible()
        expect(desk.locator(".rest")).to_be_hidden()
        phone.locator("article").hover()
        phone.get_by_role("button", name="Raw JSON").click()
        expect(phone.locator(".json")).to_be_visible()
        expect(desk.locator(".json")).to_be_hidden()
        client.chat_postMessage(channel="#alerts", text="another")
        expect(desk.locator("article")).to_have_count(2)
        expect(phone.locator("article")).to_have_count(2)

        assert 390 == phone.locator(".channel").evaluate("each => each.offsetWidth")
        assert page.evaluate(
            "new Set([...document.querySelectorAll('[id]')].map(each => each.id)).size"
            " === document.querySelectorAll('[id]').length"
        )

    def test_the_switch_changes_the_address(self, page: Page, slack: SlackServer) -> None:
        """The address of the chosen width can be handed on, and other channels keep it."""
        page.get_by_role("button", name="Phone").click()
        expect(page).to_have_url(f"{slack.page_url}archives/alerts?width=phone")
        page.get_by_role("link", name="others").click()
        expect(page).to_have_url(re.compile(r"\?width=phone$"))
        expect(page.locator(".channel")).to_have_css("width", "390px")

    def test_an_unknown_width_is_the_usual_one(self, page: Page) -> None:
        """Nothing from the address gets into the page."""
        page.goto(f"{page.url}?width=%22%3E%3Cb%3E")

        assert page.evaluate("document.documentElement.dataset.width") is None

    def test_fields_stand_in_one_column_on_a_phone(self, page: Page, client: WebClient) -> None:
        """On a phone each field has a line of its own, as in Slack."""
        fields = [{"type": "mrkdwn", "text": text} for text in ("one", "two")]
        client.chat_postMessage(
            channel="#alerts", text="b", blocks=[{"type": "section", "fields": fields}]
        )
        page.goto(f"{page.url}?width=both")
        columns = "each => getComputedStyle(each).gridTemplateColumns.split(' ').length"

        assert 2 == page.locator("#messages .fields").evaluate(columns)
        assert 1 == page.locator("#phone .fields").evaluate(columns)


class TestHostile:
    """Findings are hostile input."""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_text_runs(self, page: Page, client: WebClient, text: str) -> None:
        """No script in a message runs, and no picture in it loads."""
        client.chat_postMessage(
            channel="#alerts",
            text=text,
            blocks=[
                {"type": "header", "text": {"type": "plain_text", "text": text}},
                {"type": "section", "text": {"type": "mrkdwn", "text": text}},
                {
                    "type": "context",
                    "elements": [{"type": "mrkdwn", "text": text}],
                },
            ],
        )
        client.chat_postMessage(channel="#alerts", text=text)
        expect(page.locator("article")).to_have_count(2)
        for link in page.locator(".text a").all():
            link.hover()

        assert "Local Slack" == page.title()
        assert 0 == page.locator("article img, article script, article [onload]").count()
        assert 1 == page.locator("script").count()


def test_a_file_needs_no_server(
    window: Page, slack: SlackServer, client: WebClient, tmp_path: Path
) -> None:
    """The page written to a file shows every channel, and switches between them."""
    client.chat_postMessage(channel="#alerts", text="here")
    client.chat_postMessage(channel="#others", text="elsewhere")
    path = tmp_path / "slack.html"
    render_page(slack.messages(), write_to=path)
    slack.stop()
    with shown(window, path.as_uri()) as opened:
        expect(opened.locator("article:visible")).to_contain_text("here")
        opened.get_by_role("link", name="others").click()
        expect(opened.locator("article:visible")).to_contain_text("elsewhere")


CONTRASTS = """
() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const over = (top, below) => {
    const [r, g, b, a = 1] = top;
    return [r, g, b].map((value, index) => value * a + below[index] * (1 - a));
  };
  const behind = (node) => {
    if (!node) return [255, 255, 255];
    return over(parts(getComputedStyle(node).backgroundColor), behind(node.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map(
      (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = {};
  const names = [".author", ".badge", ".time", ".text", ".text a", ".text code", ".everybody",
    ".somebody", ".context span", ".sidebar h2", ".sidebar a[aria-current]",
    ".sidebar a:not([aria-current])", ".bar-name", ".members", ".day span"];
  for (const name of names) {
    const node = document.querySelector(name);
    const ground = behind(node);
    const ink = over(parts(getComputedStyle(node).color), ground);
    const [dark, bright] = [luminance(ground), luminance(ink)].sort((one, two) => one - two);
    found[name] = (bright + 0.05) / (dark + 0.05);
  }
  return found;
}
"""
