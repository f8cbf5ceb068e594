"""Slack's mrkdwn as HTML."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finding_router_local.slack.page.mrkdwn import Reader, mrkdwn, plain

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
READER = Reader(now=NOW, zone=UTC, channels={"C0123456789": "general"})
NOON_YESTERDAY = int(NOW.timestamp()) - 86_400


def anchor(url: str, inner: str) -> str:
    """Return the link that is drawn."""
    return f'<a href="{url}" title="{url}" target="_blank" rel="noreferrer">{inner}</a>'


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a *bold* word", "a <b>bold</b> word"),
        ("an _italic_ word", "an <i>italic</i> word"),
        ("a ~struck~ word", "a <s>struck</s> word"),
        ("*bold _and italic_*", "<b>bold <i>and italic</i></b>"),
        ("~struck *and bold*~", "<s>struck <b>and bold</b></s>"),
        ("~:tada: struck~ · *bold*", "<s>🎉 struck</s> · <b>bold</b>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("* not bold *", "* not bold *"),
        ("*no\nbold*", "*no<br>bold*"),
        ("`a *b* &lt;c&gt;`", "<code>a *b* &lt;c&gt;</code>"),
        ("```\na *b*\nc\n```\nd", "<pre>a *b*\nc</pre>d"),
        ("&gt; *one*\n&gt; two\nthree", "<blockquote><b>one</b><br>two</blockquote>three"),
        ("a\nb", "a<br>b"),
        (":tada: :nobody_knows_this:", "🎉 :nobody_knows_this:"),
        ("&amp;lt; &lt;b&gt; &amp;", "&amp;lt; &lt;b&gt; &amp;"),
        ("raw & < text", "raw &amp; &lt; text"),
    ],
)
def test_markup_is_drawn_as_slack_draws_it(text: str, drawn: str) -> None:
    """Bold, italic, strike, code, quotes, emoji and the three escapes."""
    assert drawn == mrkdwn(text, READER)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (
            "<https://a.example/?b=1&amp;c=2|label>",
            anchor("https://a.example/?b=1&amp;c=2", "label"),
        ),
        ("<https://a.example>", anchor("https://a.example", "https://a.example")),
        ("*<https://a.example|label>*", f"<b>{anchor('https://a.example', 'label')}</b>"),
        ("`<https://a.example|label>`", f"<code>{anchor('https://a.example', 'label')}</code>"),
        ("<mailto:a@b.example|mail>", anchor("mailto:a@b.example", "mail")),
        ("<javascript:alert(1)|label>", "label"),
        ("<script>", "&lt;script&gt;"),
        ("<https://[a|label>", "label"),
        ("<|label>", "label"),
        (
            "see https://a.example/b?c=1&amp;d.",
            f"see {anchor('https://a.example/b?c=1&amp;d', 'https://a.example/b?c=1&amp;d')}.",
        ),
        ("`https://a.example`", "<code>https://a.example</code>"),
    ],
)
def test_links_lead_where_they_say(text: str, drawn: str) -> None:
    """Links keep their address in sight, and none can run code."""
    assert drawn == mrkdwn(text, READER)


def test_verbatim_leaves_urls_alone() -> None:
    """With verbatim only written links are links."""
    assert "see https://a.example" == mrkdwn("see https://a.example", READER, verbatim=True)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("<!here>", '<span class="mention everybody">@here</span>'),
        ("<!channel>", '<span class="mention everybody">@channel</span>'),
        ("<@U0123>", '<span class="mention somebody">@U0123</span>'),
        ("<!subteam^S0123|@secops>", '<span class="mention somebody">@secops</span>'),
        ("<!subteam^S0123>", '<span class="mention somebody">@S0123</span>'),
        ("<#C0123456789>", '<span class="mention somebody">#general</span>'),
        ("<#C0000000000|other>", '<span class="mention somebody">#other</span>'),
        ("&lt;!here&gt;", "&lt;!here&gt;"),
        ("<!unknown|fallback>", "fallback"),
        ("<!unknown>", "&lt;!unknown&gt;"),
    ],
)
def test_mentions_stand_out(text: str, drawn: str) -> None:
    """A mention is seen as one, an escaped one is text."""
    assert drawn == mrkdwn(text, READER)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{date_num}", "2026-11-22"),
        ("{date}", "November 22nd"),
        ("{date_short}", "Nov 22"),
        ("{date_long}", "Sunday, November 22nd"),
        ("{date_pretty} at {time}", "yesterday at 12:00 PM"),
        ("{time_secs}", "12:00:00 PM"),
        ("{date_short_pretty} at {time}", "yesterday at 12:00 PM"),
        ("{ago} ({date_short}, {time})", "1 day ago (Nov 22, 12:00 PM)"),
        ("{date_odd}", "{date_odd}"),
        ("{time_pretty}", "{time_pretty}"),
    ],
)
def test_dates_are_the_reader_s(template: str, shown: str) -> None:
    """Slack's tokens are filled; an unknown one stays."""
    drawn = mrkdwn(f"<!date^{NOON_YESTERDAY}^{template}|fallback>", READER)

    assert f">{shown}</time>" in drawn


def test_the_reader_s_zone_decides() -> None:
    """The same moment is another time, and another day, elsewhere."""
    reader = Reader(now=NOW, zone=ZoneInfo("Pacific/Auckland"))
    drawn = mrkdwn(f"<!date^{NOON_YESTERDAY}^{{date_short}} {{time}}|fallback>", reader)

    assert ">Nov 23 1:00 AM</time>" in drawn
    assert 'title="Monday, November 23rd, 2026 at 1:00:00 AM"' in drawn


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (-183, "May 24, 2026"),
        (-182, "May 25"),
        (182, "May 24"),
        (183, "May 25, 2027"),
    ],
)
def test_a_near_date_has_no_year(days: int, shown: str) -> None:
    """Slack leaves the year out within six months, before and after."""
    moment = int(NOW.timestamp()) + days * 86_400

    assert f">{shown}</time>" in mrkdwn(f"<!date^{moment}^{{date_short}}|x>", READER)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 seconds ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (3 * 60 + 59, "3 minutes ago"),
        (3600, "1 hour ago"),
        (4 * 3600, "4 hours ago"),
        (10 * 86_400, "10 days ago"),
        (31 * 86_400, "1 month ago"),
        (364 * 86_400, "12 months ago"),
        (800 * 86_400, "2 years ago"),
        (-3 * 60, "in 3 minutes"),
    ],
)
def test_an_age_is_in_words(seconds: int, shown: str) -> None:
    """{ago} is the time that has passed, in its largest unit, rounded down."""
    moment = int(NOW.timestamp()) - seconds

    assert f">{shown}</time>" in mrkdwn(f"<!date^{moment}^{{ago}}|x>", READER)


def test_a_date_may_be_a_link() -> None:
    """The third part of a date is an address; one that could run code is none."""
    moment = int(NOW.timestamp())
    drawn = mrkdwn(f"<!date^{moment}^{{ago}}^https://a.example/?a=1&amp;b=2|x>", READER)

    assert '<a href="https://a.example/?a=1&amp;b=2"' in drawn
    assert "0 seconds ago</time></a>" in drawn
    assert "<a" not in mrkdwn(f"<!date^{moment}^{{ago}}^javascript:alert(1)|x>", READER)


def test_a_date_beyond_the_calendar_has_its_fallback() -> None:
    """A time that cannot be a date becomes the fallback text."""
    assert "f &lt;" == mrkdwn(f"<!date^{'9' * 30}^{{date}}|f &lt;>", READER)


def test_plain_text_knows_no_markup() -> None:
    """Stars and links stay as they are; the three escapes, emoji and lines do not."""
    assert "*a* &lt;https://a.example|b&gt; &lt;!here&gt; &amp; 🎉<br>c" == plain(
        "*a* <https://a.example|b> &lt;!here&gt; &amp; :tada:\nc"
    )


def test_plain_text_may_do_without_emoji() -> None:
    """With emoji false a shortcode is text."""
    assert ":tada:" == plain(":tada:", emoji=False)


class _Tags(HTMLParser):
    """Collect the tags that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HARMLESS = {"a", "b", "blockquote", "br", "code", "i", "pre", "s", "span", "time"}
HOSTILE = st.text() | st.lists(
    st.sampled_from(
        [
            *"<>&|!@#*_~`\"'^: \n\ue000\ue0010",
            "```",
            "&lt;",
            "&gt;",
            "&amp;",
            "<script>",
            "<img src=x onerror=y>",
            "<!date^1^{date}",
            "https://a.example/",
            "javascript:",
            "<!here>",
            "|x>",
            "</code>",
            ":x:",
        ]
    ),
    max_size=30,
).map("".join)


@given(HOSTILE)
@example('<https://a.example/"onmouseover="alert(1)|x>')
@example("<https://a.example/|</a><script>alert(1)</script>>")
@example("\ue0000\ue001")
@example("http://<#>")
@example("https://a.example/<@U1>`b`")
def test_no_text_becomes_html_of_its_own(text: str) -> None:
    """For any message, the HTML has only our own tags and attributes."""
    for drawn in (mrkdwn(text, READER), plain(text)):
        parser = _Tags()
        parser.feed(drawn)
        parser.close()
        for tag, attributes in parser.found:
            assert tag in HARMLESS
            assert attributes.keys() <= {"href", "title", "target", "rel", "class"}
            assert re.match(r"(https?|mailto):", attributes.get("href") or "mailto:")
