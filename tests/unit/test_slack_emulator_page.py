"""The page of the local Slack, as text."""

import base64
import hashlib
import json
import re
from copy import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from finding_router_local.slack.page import LIVE_MESSAGES, bar_colour, render_page
from finding_router_local.slack.page.mrkdwn import Reader
from finding_router_local.slack.page.views import builder_url
from finding_router_local.slack.workspace import Channel, PostedMessage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
READER = Reader(now=NOW, zone=UTC)
ALERTS = Channel(id="C0ALERTS000", name="alerts", created=0)
OTHERS = Channel(id="C0OTHERS000", name="others", created=0)


def message(seconds_ago: float = 60, channel: Channel = ALERTS, **fields: Any) -> PostedMessage:
    """Return a message to *channel*."""
    ts = f"{NOW.timestamp() - seconds_ago:.6f}"
    given = {"text": "text"} | fields
    return PostedMessage(channel=channel.id, channel_name=channel.name, ts=ts, **given)


def text_of(page: str) -> str:
    """Return the text that a reader sees, with blanks made one."""
    body = page[page.index("<body") : page.index("<script>")]
    body = re.sub(r'<pre class="json".*?</pre>', "", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def draw(*messages: PostedMessage, **options: Any) -> str:
    """Draw a page at noon."""
    return render_page(messages, reader=READER, **options)


def blocks(*found: dict[str, Any]) -> PostedMessage:
    """Return a message of these blocks."""
    return message(text="for phones", blocks=found)


class TestMessages:
    """The parts of a message on the page."""

    def test_who_and_when(self) -> None:
        """The app, marked as one, the time, and the day."""
        assert "Today Security Hub Router APP 11:59 AM text" in text_of(draw(message()))

    def test_a_person_is_no_app(self) -> None:
        """A message of a person has no badge."""
        assert "U0PERSON01 11:59 AM text" in text_of(draw(message(author="U0PERSON01")))

    def test_blocks_stand_for_the_text(self) -> None:
        """With blocks the text is for phones only; with attachments alone it stands above."""
        block = {"type": "section", "text": {"type": "mrkdwn", "text": "in *blocks*"}}

        assert "for phones" not in text_of(draw(blocks(block)))
        assert "text in blocks" in text_of(
            draw(message(attachments=[{"blocks": [block]}])).replace("<b>", "").replace("</b>", "")
        )

    def test_each_block_has_its_layout(self) -> None:
        """Header, fields, context, divider, buttons and markdown are all there."""
        page = draw(
            blocks(
                {"type": "header", "text": {"type": "plain_text", "text": "A header"}},
                {
                    "type": "section",
                    "fields": [{"type": "mrkdwn", "text": text} for text in ("one", "two")],
                    "accessory": {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Beside"},
                    },
                },
                {"type": "divider"},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "style": "danger",
                            "text": {"type": "plain_text", "text": "Push"},
                        }
                    ],
                },
                {"type": "markdown", "text": "**as it is**"},
            )
        )

        assert '<h3 class="header">A header</h3>' in page
        assert '<div class="text">one</div><div class="text">two</div>' in page
        assert "<hr>" in page
        assert 'class="button danger"' in page
        assert "Beside small Push" in text_of(page)
        assert "**as it is**" in page
        assert "<img" not in page

    def test_a_table_keeps_rows_and_alignment(self) -> None:
        """Cells stand in rows, numbers to the right."""
        cell = {"type": "raw_text", "text": "20"}
        page = draw(
            blocks(
                {
                    "type": "table",
                    "rows": [[{"type": "raw_text", "text": "Control"}, cell]],
                    "column_settings": [{"is_wrapped": True}, {"align": "right"}],
                }
            )
        )

        assert '<tr><td class=" wrapped">Control</td><td class="right">20</td></tr>' in page

    def test_rich_text_in_a_cell_is_drawn(self) -> None:
        """A cell has styles, links and emoji."""
        elements: list[dict[str, Any]] = [
            {"type": "text", "text": "bold", "style": {"bold": True}},
            {"type": "text", "text": "code", "style": {"code": True}},
            {"type": "link", "url": "https://a.example", "text": "link"},
            {"type": "emoji", "name": "tada"},
        ]
        section = {"type": "rich_text_section", "elements": elements}
        page = draw(
            blocks({"type": "table", "rows": [[{"type": "rich_text", "elements": [section]}]]})
        )

        assert '<span class="bold">bold</span><code>code</code><a href="https://a.example"' in page
        assert "link 🎉" in text_of(page)

    def test_an_edited_message_says_so(self) -> None:
        """As in Slack, behind its text."""
        assert "text (edited)" in text_of(draw(message(edited_ts="1.000000")))

    def test_replies_stand_under_their_parent(self) -> None:
        """A thread counts its replies and holds them; one broadcast stands in the channel too."""
        parent = message(300, text="parent")
        reply = message(200, text="reply", thread_ts=parent.ts)
        loud = message(100, text="loud", thread_ts=parent.ts, is_broadcast=True)
        seen = text_of(draw(parent, reply, loud))

        assert "parent 2 replies Last reply today at 11:58 AM" in seen
        assert 1 == seen.count("APP 11:56 AM reply")
        assert 2 == seen.count("loud")
        assert "replied to a thread: parent loud" in seen

    def test_a_reply_outlives_its_parent(self) -> None:
        """A broadcast to a deleted message is still shown."""
        assert "replied to a thread: a deleted message text" in text_of(
            draw(message(thread_ts="1.000000", is_broadcast=True))
        )

    def test_days_are_divided(self) -> None:
        """Each day has its name."""
        seen = text_of(draw(message(9e7), message(4 * 86_400), message(86_400), message()))

        assert "Tuesday, January 16th, 2024" in seen
        assert "Thursday, November 19th" in seen
        assert seen.index("Yesterday") < seen.index("Today")

    @pytest.mark.parametrize(
        ("said", "colour"),
        [
            ("#d13212", "#d13212"),
            ("D13", "#dddddd"),
            ("good", "#dddddd"),
            ("red; background: url(x)", "#dddddd"),
            (None, "#dddddd"),
            (5, "#dddddd"),
        ],
    )
    def test_a_bar_has_a_colour_and_nothing_else(self, said: object, colour: str) -> None:
        """A value that is no colour is grey."""
        assert colour == bar_colour(said)

    def test_the_builder_opens_what_was_sent(self) -> None:
        """The link holds blocks and attachments whole; a text alone has none."""
        sent = [{"type": "section", "text": {"type": "mrkdwn", "text": "<https://a.example|ä #>"}}]
        url = builder_url(message(blocks=sent, attachments=[{"color": "#fff", "blocks": sent}]))

        assert url is not None
        address, _, payload = url.partition("#")
        assert "https://app.slack.com/block-kit-builder/" == address
        assert {
            "blocks": sent,
            "attachments": [{"color": "#fff", "blocks": sent}],
        } == json.loads(unquote(payload))
        assert builder_url(message()) is None

    def test_the_json_is_what_was_sent(self) -> None:
        """The arguments of the call stand behind the message, escaped."""
        page = draw(message(sent={"text": "<b>"}))

        assert "&#34;text&#34;: &#34;&lt;b&gt;&#34;" in page


class TestPage:
    """The page around the messages."""

    def test_a_page_needs_nothing_but_itself(self, tmp_path: Path) -> None:
        """It is written as it is returned, and loads nothing from anywhere."""
        path = tmp_path / "slack.html"
        page = draw(message(), write_to=path)

        assert page == path.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|img|iframe)[^>]*src=|<link[^>]*href="(?!data:)', page)

    def test_only_its_own_script_may_run(self) -> None:
        """The policy of the page names the script by its hash."""
        page = draw(message())
        [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
        expected = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

        assert f"script-src 'sha256-{expected}'" in page

    def test_a_file_shows_all_channels(self) -> None:
        """Every channel is there; the first with messages is open, or the one asked for."""
        sent = (message(channel=OTHERS, text="elsewhere"), message(text="here"))
        empty = replace(ALERTS, id="C0AAAAAAAAA", name="a-empty")
        page = draw(*sent, channels=[empty])

        assert re.search(f'id="{ALERTS.id}" data-selected', page)
        assert re.search(f'id="{OTHERS.id}" data-selected', draw(*sent, selected="#others"))
        assert "elsewhere" in page
        assert "Nothing was posted to #a-empty yet." in text_of(page)

    def test_a_live_page_holds_the_latest_of_one_channel(self) -> None:
        """Of many messages the last are drawn, with the number of those left out."""
        many = [message(10_000 - each, text=f"no. {each};") for each in range(LIVE_MESSAGES + 7)]
        seen = text_of(draw(*many, message(channel=OTHERS, text="elsewhere"), live=1))

        assert "7 older messages are not shown here" in seen
        assert "no. 6;" not in seen
        assert "no. 7;" in seen
        assert "elsewhere" not in seen

    def test_an_unknown_channel_is_not_opened(self) -> None:
        """For an unknown channel, the page opens the first channel with messages."""
        assert re.search(f'id="{ALERTS.id}" data-selected', draw(message(), selected="nowhere"))

    def test_nothing_yet(self) -> None:
        """A page without channels shows so."""
        assert "No message was posted yet." in text_of(draw())

    def test_an_archived_channel_is_marked(self) -> None:
        """The name of an archived channel has a badge."""
        assert "archived" in text_of(draw(message(), channels=[replace(ALERTS, is_archived=True)]))


class _Tags(HTMLParser):
    """Collect the tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


HOSTILE = [
    "<script>alert(1)</script>",
    "</pre></article><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "https://a.example/'\"onclick=alert(1)|<b>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_sent_becomes_html(text: str) -> None:
    """Wherever hostile text stands, the page has the same tags and attributes as without."""

    def page(said: str) -> _Tags:
        mrkdwn = {"type": "mrkdwn", "text": said}
        plain = {"type": "plain_text", "text": said}
        button = {"type": "button", "text": plain, "style": said, "url": said}
        link = {"type": "link", "url": said, "text": said}
        rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": said}, link]}
        content = [
            {"type": "header", "text": plain},
            {"type": "section", "text": mrkdwn, "fields": [plain, mrkdwn], "accessory": button},
            {"type": "context", "elements": [plain, mrkdwn]},
            {"type": "actions", "elements": [button]},
            {
                "type": "table",
                "rows": [
                    [{"type": "raw_text", "text": said}, {"type": "rich_text", "elements": [rich]}]
                ],
            },
            {"type": said, "text": said},
        ]
        attachment = {"color": said, "blocks": content}
        parent = message(90, text=said, author=said, attachments=[attachment], sent={said: said})
        reply = message(
            text=said, blocks=content, thread_ts=parent.ts, is_broadcast=True, edited_ts=said
        )
        channel = replace(ALERTS, name=said)
        found = _Tags()
        found.feed(draw(parent, reply, channels=[channel], workspace=said, selected=said))
        found.close()
        return found

    clean, spoiled = page("x https://a.example"), page(text)
    assert spoiled.tags <= clean.tags
    assert spoiled.attributes <= clean.attributes
