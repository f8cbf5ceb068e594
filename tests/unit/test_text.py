"""Text made fit for Slack."""

import html
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.slack.kit.text import (
    Budget,
    Mrkdwn,
    Url,
    clean,
    code,
    date,
    escape,
    length,
    lines,
    link,
    listed,
    mention,
    one_line,
    plain,
    preformatted,
    says_nothing,
    weight,
    words,
)
from slack_limits import counted, stray

HOSTILE = st.lists(
    st.text(max_size=20)
    | st.sampled_from(
        [
            *("<!channel>", "&amp;", "<https://evil.example|x>", "*b*", "_i_", "~s~", "`", "```"),
            *(":x:", "@here", "\u202e", "\u200b", "\n> quote", "\ud800", "🔥", "a_b"),
            "https://x.example",
        ]
    ),
    max_size=12,
).map(" ".join)


class TestClean:
    """Invisible characters do not get through."""

    @pytest.mark.parametrize(
        "unseen",
        [
            *("\x00", "\x07", "\x1b", "\x9b", "\xad", "\u200b", "\u200d", "\u202e", "\u2066"),
            *("\ufeff", "\U000e0041", "\u2060", "\u115f"),
        ],
    )
    def test_invisible_characters_vanish(self, unseen: str) -> None:
        """Controls, zero-width characters and bidirectional overrides are removed."""
        assert clean(f"pay{unseen}ments") == "payments"

    @pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x0b", "\x0c", "\x85", "\u2028"])
    def test_line_ends_become_newlines(self, end: str) -> None:
        """Line ends of any system end a line the same way here."""
        assert clean(f"one{end}two") == "one\ntwo"

    def test_half_a_surrogate_pair_is_replaced(self) -> None:
        """A character that no encoding can carry becomes the replacement character."""
        assert clean("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"

    def test_one_line_has_single_blanks(self) -> None:
        """Every run of white space is one blank."""
        assert one_line("  a\t\tb \n\n c\u00a0 ") == "a b c"


class TestLength:
    """Counting is on the safe side."""

    @given(st.text())
    def test_counts_units_of_utf_16(self, text: str) -> None:
        """Characters beyond the basic plane count twice."""
        assert length(text) == counted(text)


class TestEscape:
    """Escaping and cutting at once."""

    def test_three_characters_are_escaped(self) -> None:
        """Slack interprets only & < >."""
        assert escape("a & b < c > d \"'", 100) == "a &amp; b &lt; c &gt; d \"'"

    def test_text_that_fits_exactly_is_whole(self) -> None:
        """The limit counts the text that is sent, with entities as they are written."""
        assert escape("a&b", 7) == "a&amp;b"

    def test_cut_never_splits_an_entity(self) -> None:
        """A character that does not fit escaped is left out as a whole."""
        assert escape("a&bc", 7) == "a&amp;…"
        assert escape("ab&c", 5) == "ab…"

    def test_cut_says_what_it_is_told_to(self) -> None:
        """The ellipsis can name the cut part."""
        assert escape("a long text", 10, more="… (cut)") == "a l… (cut)"

    def test_without_room_for_the_ellipsis_there_is_nothing(self) -> None:
        """A limit that not even the ellipsis fits into leaves nothing."""
        assert escape("text", 0) == ""

    @given(HOSTILE, st.integers(0, 120))
    def test_never_longer_than_the_limit(self, text: str, limit: int) -> None:
        """For any text, the limit holds and the rest can be read back."""
        shown = escape(clean(text), limit)

        assert counted(shown) <= limit
        assert not {"<", ">"} & set(shown)
        assert clean(text).startswith(html.unescape(shown).removesuffix("…").rstrip("…"))


class TestPlain:
    """Text for plain_text objects."""

    def test_lines_stay_and_blank_ones_do_not_pile_up(self) -> None:
        """One blank line between paragraphs is enough."""
        assert plain("\n one  \n\n \n\n two\n", 100) == "one\n\n two"


class TestWords:
    """Text for mrkdwn objects, to be read."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("S3 buckets should be private", "S3 buckets should be private"),
            ("snake_case_name stays", "snake_case_name stays"),
            ("a *bold* claim", "a `*bold*` claim"),
            ("_it_ ~strike~", "`_it_` `~strike~`"),
            ("`rm -rf`", "`rm` `-rf`"),
            ("arn:aws:iam::1:role", "`arn:aws:iam::1:role`"),
            (":fire: drill", "`:fire:` drill"),
            ("> quoted", "`&gt;` quoted"),
            ("ask @here or a@b.example", "ask `@here` or a@b.example"),
            ("#general", "`#general`"),
            ("see https://evil.example now", "see `https://evil.example` now"),
            ("<!channel> & co", "&lt;!channel&gt; &amp; co"),
            ("``` ok", "ok"),
            ("(see *this*), now", "(see `*this*`), now"),
            ("#payments: gone", "`#payments`: gone"),
            ("\u200b", ""),
        ],
    )
    def test_only_words_that_act_become_code(self, written: str, expected: str) -> None:
        """Ordinary words stay as they are, and each that Slack would act on is a code span."""
        assert expected == words(written, 200)

    @pytest.mark.parametrize(
        ("limit", "expected"),
        [(0, ""), (1, "…"), (2, "a…"), (7, "a `*b…`"), (8, "a `*bo…`"), (9, "a `*bol…`")],
    )
    def test_cut_keeps_code_spans_closed(self, limit: int, expected: str) -> None:
        """The limit counts the backticks, and a cut word is in code like a whole one."""
        assert expected == words("a *bold claim", limit)

    def test_as_much_as_fits_is_kept(self) -> None:
        """Text that grows when escaped is cut where it is too long, and not before."""
        assert words("&" * 1000, 26) == "&amp;" * 5 + "…"
        assert words("*" * 1000, 10) == "`*******…`"

    @given(HOSTILE, st.integers(0, 200))
    def test_nothing_acts_and_the_limit_holds(self, text: str, limit: int) -> None:
        """No text can format, link or mention, cut or not."""
        shown = words(text, limit)

        assert counted(shown) <= limit
        assert stray(shown) == []


class TestCode:
    """Text to be copied."""

    def test_backticks_are_removed(self) -> None:
        """Nothing in a code span can end it."""
        assert code("a`b``c", 20) == "`abc`"

    def test_nothing_left_is_nothing(self) -> None:
        """An empty code span is never written."""
        assert code("``\u200b", 20) == ""

    def test_a_code_block_stays_closed(self) -> None:
        """The fences stay around any text, and a cut is noted."""
        assert preformatted("a```\nb", 100) == "```\na\nb\n```"
        assert preformatted("x" * 100, 40).endswith("… (cut)\n```")
        assert counted(preformatted("&" * 100, 40)) <= 40


class TestLink:
    """Links that the router makes."""

    def test_label_and_address_are_escaped(self) -> None:
        """An ampersand in an address is written as Slack wants it."""
        shown = link(Url("https://x.example/?a=1&b=2"), "R & D", 50)

        assert shown == "<https://x.example/?a=1&amp;b=2|R &amp; D>"

    @pytest.mark.parametrize("label", ["*bold*", "a|b", "`x`", "https://aws.amazon.com"])
    def test_a_label_that_could_act_stands_outside(self, label: str) -> None:
        """Only plain words become a label; anything else is shown before the link."""
        shown = link(Url("https://x.example/"), label, 50)

        assert shown == f"{words(label, 50)} <https://x.example/|open>"

    def test_without_a_label_it_says_open(self) -> None:
        """A link always has a label."""
        assert link(Url("https://x.example/"), "\u200b", 50) == "<https://x.example/|open>"


class TestDate:
    """Dates in the reader's time zone."""

    def test_slack_shows_the_reader_s_own_time(self) -> None:
        """The moment is sent as seconds, with UTC for clients that cannot show it."""
        moment = datetime(2026, 3, 1, 10, 0, 30, tzinfo=UTC)

        expected = "<!date^1772359230^{date_short_pretty} at {time}|2026-03-01 10:00 UTC>"
        assert expected == date(moment)

    def test_before_1970_is_only_text(self) -> None:
        """Slack takes no negative seconds."""
        assert date(datetime(1969, 12, 31, tzinfo=UTC)) == "1969-12-31 00:00 UTC"


class TestMention:
    """Mentions that operators write."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("@here", "<!here>"),
            ("here", "<!here>"),
            (" <!channel> ", "<!channel>"),
            ("@everyone", "<!everyone>"),
            ("<!subteam^S012AB3CD|@oncall>", "<!subteam^S012AB3CD>"),
            ("S012AB3CD", "<!subteam^S012AB3CD>"),
            ("@S012AB3CD", "<!subteam^S012AB3CD>"),
            ("<@U012AB3CD>", "<@U012AB3CD>"),
            ("W012AB3CD", "<@W012AB3CD>"),
            ("@oncall", "`@oncall`"),
            ("UNDERSTAND", "UNDERSTAND"),
            ("<!date^1^{x}|y>", "&lt;!date^1^{x}|y&gt;"),
            ("<@U012AB3CD> <!here>", "`&lt;@U012AB3CD&gt;` &lt;!here&gt;"),
        ],
    )
    def test_only_what_is_a_mention_pings(self, written: str, expected: str) -> None:
        """Ids and broadcasts become mentions, everything else is shown as it was written."""
        assert expected == mention(written)


class TestLists:
    """Lists with the number of items left out."""

    def test_a_short_list_is_whole(self) -> None:
        """Without items left out, there is no number."""
        assert listed([Mrkdwn("a"), Mrkdwn("b")], 3, 50) == "a, b"
        assert lines([Mrkdwn("a"), Mrkdwn("b")], 3, 50, ("x", "xs")) == "• a\n• b"

    def test_the_rest_is_counted(self) -> None:
        """Items that are not shown are given as a number, in the singular for one."""
        items = [Mrkdwn(letter) for letter in "abcde"]

        assert listed(items, 2, 50) == "a, b + 3 more"
        assert lines(items, 4, 50, ("x", "xs")) == "• a\n• b\n• c\n• d\n+ 1 more x"
        assert lines(items, 1, 50, ("x", "xs")) == "• a\n+ 4 more xs"

    def test_an_item_without_room_counts_as_more(self) -> None:
        """Items are never cut: one is shown whole or counted."""
        assert listed([Mrkdwn("short"), Mrkdwn("x" * 50)], 3, 30) == "short + 1 more"
        assert listed([Mrkdwn("x" * 50)], 3, 30) == ""

    @given(st.lists(st.text("abc", min_size=1), max_size=9), st.integers(1, 5), st.integers(0, 60))
    def test_the_limit_holds(self, texts: list[str], most: int, limit: int) -> None:
        """However long the items, the list fits."""
        items = [Mrkdwn(text) for text in texts]

        assert counted(listed(items, most, limit)) <= limit
        assert counted(lines(items, most, limit, ("x", "xs"))) <= limit


class TestSaysNothing:
    """Words for "there is none"."""

    @pytest.mark.parametrize(
        "text", ["", " ", "None", "none provided", "N/A", "null", "{}", "-", "`none`"]
    )
    def test_a_word_for_nothing_is_no_value(self, text: str) -> None:
        """Products write many words where they have nothing to say."""
        assert says_nothing(text)

    def test_a_sentence_is_a_value(self) -> None:
        """Only the whole text counts."""
        assert not says_nothing("None of the buckets is private")


class TestBudget:
    """The room that is left in a message."""

    def test_blocks_and_characters_are_taken(self) -> None:
        """A header costs a hundred characters more than its text."""
        budget = Budget(chars=200, blocks=3)
        header = {"type": "header", "text": {"type": "plain_text", "text": "abc"}}

        assert budget.take(header)
        assert (budget.chars, budget.blocks) == (97, 2)

    def test_what_does_not_fit_takes_nothing(self) -> None:
        """A refused block leaves the budget as it was."""
        budget = Budget(chars=5)

        assert not budget.take({"type": "section", "text": {"type": "mrkdwn", "text": "abcdef"}})
        assert budget.chars == 5

    def test_blocks_run_out_too(self) -> None:
        """Fifty blocks are the end, with any content."""
        budget = Budget(chars=100, blocks=0)

        assert not budget.take({"type": "section", "text": {"type": "mrkdwn", "text": "a"}})

    def test_room_is_never_negative(self) -> None:
        """The room is the rest, the limit at most, and at least none."""
        budget = Budget(chars=10)

        assert budget.room(3) == 3
        assert budget.room(99) == 10

        budget.spend("x" * 12)

        assert budget.room(99) == 0

    def test_every_text_of_a_block_weighs(self) -> None:
        """Fields and elements count like the text itself."""
        block = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "ab"},
            "fields": [{"type": "mrkdwn", "text": "c"}, {"type": "mrkdwn", "text": "🔥"}],
            "expand": True,
        }

        assert weight(block) == 5
