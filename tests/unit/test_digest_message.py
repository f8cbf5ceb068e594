"""The parent message of a digest."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest_lines import HOSTILE, lines, make_line
from finding_router.findings.digest import Line, Totals, Trend, groups
from finding_router.findings.finding import Severity
from finding_router.slack.kit.frame import COLOURS, ENDED_COLOUR
from finding_router.slack.kit.message import Message
from finding_router.slack.messages.digest import Digest, render_parent, render_parent_plain
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

ROUTES = ("every-account",)


def digest(some: Sequence[Line], **changes: Any) -> Digest:
    """Make the digest of a burst, with *changes*."""
    values: dict[str, Any] = {"heading": "New findings", "why": "burst", "routes": ROUTES}
    return Digest(lines=some, **values | changes)


def texts(message: Message) -> list[str]:
    """Return every text of *message*, from top to bottom."""
    blocks = blocks_of(message.arguments())
    return [text["text"] for block in blocks for text in texts_of(block)]


def rows(message: Message) -> list[tuple[str, str]]:
    """Return the table's rows, left and right."""
    cells = [field["text"] for block in message.blocks for field in block.get("fields", ())]
    return list(zip(cells[::2], cells[1::2], strict=True))


class TestParent:
    """The digest as the channel sees it."""

    def test_a_digest_says_everything_in_order(self) -> None:
        """Who is called, how many, how bad, in which groups, and why it is here."""
        some = [
            make_line(),
            make_line(subject="2", account_id="2", account_name=None, resource="exports"),
            make_line(subject="3", group="Recon", title="a", severity=Severity.CRITICAL),
            make_line(subject="4", group="Recon", title="b", resource="exports"),
        ]
        message = render_parent(
            digest(some, heading="4 new in 3 min", mention=("@here",), banner="meant for x")
        )

        assert texts(message) == [
            "⚠️ meant for x\n<!here>",
            "🔴 4 new in 3 min",
            "🔴 1 CRITICAL · 🟠 3 HIGH\n4 findings · 2 accounts · 3 resources",
            "🔴 `Recon`\nSecurity Hub",
            "*2 findings*\npayments-prod (123456789012) · 2 resources",
            "🟠 `S3.8`\nBuckets should block public access",
            "*2 findings*\n2 accounts · 2 resources",
            "Burst · each finding is listed in the thread · route `every-account`",
        ]
        assert message.colour == COLOURS[Severity.CRITICAL]
        assert message.text == (
            "🔴 4 new in 3 min · 🔴 1 CRITICAL · 🟠 3 HIGH: Recon (2), S3.8 (2)"
        )

    def test_a_lone_finding_names_its_account_and_resource(self) -> None:
        """There is nothing to count: a line each, and an account that is the resource once."""
        [bucket] = rows(render_parent(digest([make_line()])))
        [account] = rows(render_parent(digest([make_line(resource="account 123456789012")])))
        [bare] = rows(
            render_parent(digest([make_line(account_id=None, account_name=None, resource=None)]))
        )

        assert bucket[1] == "*1 finding*\npayments-prod (123456789012)\ninvoices"
        assert account[1] == "*1 finding*\npayments-prod (123456789012)"
        assert bare[1] == "1 finding"

    def test_a_title_stands_in_words_and_a_name_as_code(self) -> None:
        """Findings without a control or type are grouped by their titles."""
        title = "Buckets should block public access"
        [(left, _)] = rows(render_parent(digest([make_line(group=title)])))

        assert left == f"🟠 {title}\nSecurity Hub"

    def test_what_ended_is_told_from_what_is_open(self) -> None:
        """Counted as resolved, and listed below the open groups once none of a group is open."""
        some = [
            make_line(is_ended=True),
            make_line(subject="2"),
            make_line(subject="3", group="EC2.19", severity=Severity.CRITICAL, is_ended=True),
        ]
        message = render_parent(digest(some))

        assert [right for _, right in rows(message)] == [
            "*2 findings*\npayments-prod (123456789012) · invoices · ✅ 1 resolved",
            "*1 finding*\npayments-prod (123456789012)\ninvoices\nresolved",
        ]
        assert rows(message)[1][0].startswith("✅ `EC2.19`")
        assert message.colour == COLOURS[Severity.HIGH]
        assert "3 findings · 1 account · 1 resource · ✅ 2 resolved" in texts(message)[1]

    def test_a_digest_of_which_nothing_is_open_is_green(self) -> None:
        """Updated in place until all of it is over."""
        message = render_parent(digest([make_line(is_ended=True)]))

        assert message.colour == ENDED_COLOUR
        assert message.text.startswith("✅ New findings")

    def test_a_digest_of_nothing_says_so(self) -> None:
        """A scheduled digest on a quiet day."""
        message = render_parent(digest([], heading="Daily digest, Mon 23 Nov"))

        assert texts(message) == [
            "✅ Daily digest, Mon 23 Nov",
            "Nothing to report.",
            "Burst · route `every-account`",
        ]
        assert message.text == "✅ Daily digest, Mon 23 Nov"

    @pytest.mark.parametrize(
        ("trend", "said"),
        [
            (
                Trend(
                    before=1200,
                    changes={Severity.HIGH: 5, Severity.LOW: -1000},
                    new=tuple("abcdefg"),
                    gone=("`",),
                ),
                "(1,200 findings): 🟠 +5 HIGH · 🔵 \u22121,000 LOW · new: a, b, c, d, e + 2 more",
            ),
            (Trend(before=1, gone=("IAM.6",)), "(1 finding): gone: IAM.6"),
            (Trend(before=0), "(0 findings): no change"),
        ],
    )
    def test_the_trend_compares_with_the_digest_before(self, trend: Trend, said: str) -> None:
        """The groups that went up, went down, are new and are gone."""
        message = render_parent(digest([make_line()], trend=trend))

        assert texts(message)[2] == f"Against the digest before {said}"

    def test_groups_without_room_are_counted(self) -> None:
        """The table ends where the message is full, with how much it does not show."""
        some = [
            make_line(subject=str(number), group=f"X.{number}", title=f"{number} " + "t" * 150)
            for number in range(100)
        ]
        message = render_parent(digest(some))
        shown = len(rows(message))

        assert 30 <= shown < 99
        assert texts(message)[-2] == (
            f"… {100 - shown} more controls and types with {100 - shown} findings"
        )

    def test_one_group_without_room_is_one(self) -> None:
        """The last line agrees with its number."""
        least = len(rows(render_parent(digest(_short_groups(600)))))
        messages = [render_parent(digest(_short_groups(least + more))) for more in range(5)]
        first = next(each for each in messages if texts(each)[-2].startswith("…"))

        assert texts(first)[-2] == "… 1 more control or type with 1 finding"

    @settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
    @given(
        lines(),
        st.builds(
            Digest,
            heading=HOSTILE,
            lines=st.just(()),
            why=HOSTILE,
            routes=st.lists(HOSTILE, max_size=3).map(tuple),
            mention=st.just(()) | st.just(("@here", "<!subteam^S012>")),
            banner=st.none() | HOSTILE,
        ),
        st.none() | lines(3),
    )
    def test_every_digest_is_harmless_and_within_limits(
        self, some: list[Line], frame: Digest, before: list[Line] | None
    ) -> None:
        """No text of a finding or an operator breaks a limit, acts in Slack, or is empty."""
        trend = None if before is None else Trend.between(Totals.of(before), Totals.of(some))
        whole = Digest(
            heading=frame.heading,
            lines=some,
            why=frame.why,
            routes=frame.routes,
            mention=frame.mention,
            banner=frame.banner,
            trend=trend,
        )
        for message in (render_parent(whole), render_parent_plain(whole)):
            arguments = message.arguments()

            assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
            assert json.dumps(arguments).encode()

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(lines(4), st.integers(1, 60))
    def test_what_is_shown_and_what_is_not_add_up(self, some: list[Line], times: int) -> None:
        """The findings of the rows and those of the last line are all that there are."""
        many = [
            Line.from_attributes(
                line.to_attributes() | {"group": f"{line.group}{turn}", "subject": f"{turn}.{each}"}
            )
            for turn in range(times)
            for each, line in enumerate(some)
        ]
        message = render_parent(digest(many))
        made = groups(many)
        shown = len(rows(message))
        counted = sum(int(right.lstrip("*").split()[0]) for _, right in rows(message))
        rest = [text for text in texts(message) if text.startswith("… ")]

        assert violations(message.arguments()) == []
        assert counted == sum(group.count for group in made[:shown])
        if shown < len(made):
            assert int(rest[0].split()[-2]) == len(many) - counted
        else:
            assert rest == []


def test_the_least_of_a_digest_is_text_alone() -> None:
    """For when Slack refuses its blocks: no blocks, and still who is called and why."""
    message = render_parent_plain(digest([make_line()], mention=("@here",), heading="1 finding"))

    assert message.arguments() == {
        "text": "<!here>\n🟠 1 finding · 🟠 1 HIGH: S3.8 (1)\nBurst · route `every-account`",
        "blocks": [],
    }


def _short_groups(count: int) -> list[Line]:
    return [make_line(subject=str(each), group=str(each), title="t") for each in range(count)]
