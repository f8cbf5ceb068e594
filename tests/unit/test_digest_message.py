"""The parent message of a digest."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest_lines import HOSTILE, lines, make_line
from finding_router.findings.digest import Figures, Line, Totals, Trend
from finding_router.findings.finding import Severity
from finding_router.slack.kit.frame import COLOURS, ENDED_COLOUR
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import length
from finding_router.slack.messages.digest import Digest, render_parent, render_parent_plain
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

ROUTES = ("every-account",)
BANNER = Banner(refused=(("#x", "is_archived"),), routes=("x",))
BANNERS = st.builds(
    Banner,
    refused=st.lists(st.tuples(HOSTILE, HOSTILE), max_size=5).map(tuple),
    routes=st.lists(HOSTILE, max_size=5).map(tuple),
)
LINK = "https://eu-west-1.console.aws.amazon.com/securityhub/home?region=eu-west-1"


def digest(some: Sequence[Line], **changes: Any) -> Digest:
    """Make the digest of a burst, with *changes*."""
    values: dict[str, Any] = {"occasion": "", "why": "burst", "routes": ROUTES}
    return Digest(figures=Figures.of(some), **values | changes)


def texts(message: Message) -> list[str]:
    """Return every text of *message*, from top to bottom."""
    blocks = blocks_of(message.arguments())
    return [text["text"] for block in blocks for text in texts_of(block)]


def headline(*some: Line) -> str:
    """Return the headline of a digest of *some*."""
    [header] = [each for each in render_parent(digest(some)).lead if each["type"] == "header"]
    return str(header["text"]["text"])


def worst(*some: Line) -> list[str]:
    """Return the lines with links."""
    blocks = [each["text"]["text"] for each in render_parent(digest(some)).lead]
    return [line for text in blocks for line in text.split("\n") if LINK in text]


class TestParent:
    """The digest as the channel sees it."""

    def test_a_digest_says_everything_in_order(self) -> None:
        """Who is called, what is where, since when, the worst of it, how many, and why."""
        some = [
            make_line(),
            make_line(subject="2", account_id="2", account_name=None, resource="exports"),
            make_line(subject="3", group="A:Recon", title="a b", severity=Severity.CRITICAL),
            make_line(subject="4", group="A:Recon", title="b b", severity=Severity.LOW),
        ]
        message = render_parent(
            digest(some, occasion="New within 3 min", mention=("@here",), banner=BANNER)
        )

        assert texts(message) == [
            (
                "⚠️ *For #x*, which is archived, so it came here. Un-archive it, or change "
                "route `x`.\n<!here>"
            ),
            "🔴 4 findings in 2 accounts, 1 critical",
            "New within 3 min",
            (
                f"🔴 `A:Recon` <{LINK}|invoices> · *payments-prod* · eu-west-1\n"
                f"🟠 `S3.8` <{LINK}|exports> · *2* · eu-west-1\n"
                f"🟠 `S3.8` <{LINK}|invoices> · *payments-prod* · eu-west-1"
            ),
            "🔴 1 CRITICAL · 🟠 2 HIGH · 🔵 1 LOW\n2 resources\n2 × A:Recon · 2 × S3.8",
            "Each finding is listed in the thread · burst · route `every-account`",
        ]
        assert len(message.lead) == 4
        assert message.colour == COLOURS[Severity.CRITICAL]
        assert message.text == (
            "🔴 4 findings in 2 accounts, 1 critical · New within 3 min: 2 × A:Recon, 2 × S3.8"
        )

    def test_the_headline_has_number_kind_and_place(self) -> None:
        """One kind by its name, several in numbers; the worst of them if not all are as bad."""
        several = [make_line(subject=str(each)) for each in range(9)]
        critical = make_line(subject="c", severity=Severity.CRITICAL)
        elsewhere = make_line(subject="e", account_id="2", account_name="b", group="EC2.19")
        image = {"group": "web@sha256:0", "resource": "web@sha256:0", "is_of_resource": True}

        assert headline(*several) == "🟠 9 × S3.8 in payments-prod"
        assert headline(*several, critical) == "🔴 10 × S3.8 in payments-prod, 1 critical"
        assert headline(critical) == "🔴 1 × S3.8 in payments-prod"
        assert headline(*several, elsewhere) == "🟠 10 findings in 2 accounts"
        assert headline(make_line(account_name=None)) == "🟠 1 × S3.8 in 123456789012"
        assert headline(make_line(account_name=None, account_id=None)) == "🟠 1 × S3.8"
        assert headline(*(make_line(subject=str(each), **image) for each in range(400))) == (
            "🟠 400 vulnerabilities of web@sha256:0 in payments-prod"
        )

    def test_what_and_where_are_in_the_first_100_characters_of_a_notification(self) -> None:
        """However long the names are; without markup and entities."""
        name = "<b>&`x`*y* @here https://evil.example " * 4
        message = render_parent(digest([make_line(group=name, account_name=name)]))

        assert length(headline(make_line(group=name, account_name=name))) <= 100
        assert message.text.startswith("🟠 1 × ‹b›")
        assert not set("<>&`*") & set(message.text)

    def test_a_digest_of_one_kind_says_its_title(self) -> None:
        """The headline has the name of the control, which is no explanation."""
        message = render_parent(digest([make_line(), make_line(subject="2", resource="exports")]))

        assert texts(message)[1:3] == [
            "Buckets should block public access",
            f"🟠 <{LINK}|exports> · eu-west-1\n🟠 <{LINK}|invoices> · eu-west-1",
        ]
        assert message.text == "🟠 2 × S3.8 in payments-prod: exports, invoices"

    def test_the_worst_without_a_card_come_first_and_the_rest_is_counted(self) -> None:
        """Six links; what is MEDIUM or less has none."""
        cards = [
            make_line(subject=f"c{each}", severity=Severity.CRITICAL, has_card=True)
            for each in range(5)
        ]
        bare = make_line(subject="z", severity=Severity.CRITICAL, resource="zoo")
        high = [make_line(subject=str(each)) for each in range(3)]
        shown = worst(*cards, *high, make_line(subject="m", severity=Severity.MEDIUM), bare)

        assert shown[0] == f"🔴 <{LINK}|zoo> · eu-west-1"
        assert shown[1:6] == [f"🔴 <{LINK}|invoices> · eu-west-1 · has a card"] * 5
        assert shown[6:] == ["+ 3 more critical or high in the thread"]
        assert worst(make_line(severity=Severity.MEDIUM)) == []

    def test_a_title_that_is_no_control_is_linked(self) -> None:
        """GuardDuty's types are long; its titles say what happened."""
        recon = {"group": "Recon:EC2/PortProbeUnprotectedPort", "title": "A port is probed"}
        [first, second] = worst(make_line(**recon), make_line(subject="2", group="X y", title="Z"))
        place = {"resource": "account 123456789012", "account_name": "root"}
        [account] = worst(make_line(**recon, **place))

        assert first == f"🟠 <{LINK}|A port is probed> · invoices · eu-west-1"
        assert second == f"🟠 <{LINK}|Z> · invoices · eu-west-1"
        assert account == f"🟠 <{LINK}|root> · eu-west-1"

    def test_resources_of_one_name_are_told_apart_by_their_kinds(self) -> None:
        """A role, a policy and a user may all be called checkout."""
        kinds = ("IAM role", "IAM policy")
        some = [
            make_line(subject=kind, resource_kind=kind, resource_keys=f"{number:010}")
            for number, kind in enumerate(kinds)
        ]
        message = render_parent(digest(some))

        assert worst(*some) == [
            f"🟠 <{LINK}|invoices> · IAM policy · eu-west-1",
            f"🟠 <{LINK}|invoices> · IAM role · eu-west-1",
        ]
        assert "2 resources" in texts(message)[-2]

    def test_what_ended_is_told_from_what_is_open(self) -> None:
        """It is counted as resolved, and neither linked nor in the headline's severity."""
        some = [
            make_line(is_ended=True),
            make_line(subject="2"),
            make_line(subject="3", group="EC2.19", severity=Severity.CRITICAL, is_ended=True),
        ]
        message = render_parent(digest(some))

        assert headline(*some) == "🟠 3 findings in payments-prod, 1 high"
        assert len(worst(*some)) == 1
        assert message.colour == COLOURS[Severity.HIGH]
        assert "1 resource · ✅ 2 resolved" in texts(message)[-2]
        assert "· 2 resolved" in message.text

    def test_a_digest_of_which_nothing_is_open_is_green(self) -> None:
        """Updated in place until all of it is over."""
        message = render_parent(digest([make_line(is_ended=True)]))

        assert message.colour == ENDED_COLOUR
        assert message.text.startswith("✅ 1 × S3.8 in payments-prod · 1 resolved")

    def test_a_digest_of_nothing_says_so(self) -> None:
        """A scheduled digest on a quiet day."""
        message = render_parent(digest([], occasion="Daily digest, Mon 23 Nov"))

        assert texts(message) == [
            "✅ Nothing to report",
            "Daily digest, Mon 23 Nov",
            "Burst · route `every-account`",
        ]
        assert message.text == "✅ Nothing to report · Daily digest, Mon 23 Nov"

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
                (
                    "1,199 fewer than last time (1,200) · 🟠 +5 HIGH · 🔵 \u22121,000 LOW\n"
                    "New: a, b, c, d, e + 2 more"
                ),
            ),
            (
                Trend(before=1, gone=("IAM.6",)),
                "as many as last time (1)\nGone: IAM.6",
            ),
            (Trend(before=0), "1 more than last time (0)"),
        ],
    )
    def test_the_trend_compares_with_the_digest_before(self, trend: Trend, said: str) -> None:
        """In total and by severity, and the groups that are new and gone."""
        message = render_parent(digest([make_line()], occasion="Nightly", trend=trend))

        assert texts(message)[1] == f"Nightly: {said}\nBuckets should block public access"
        assert "than last time" in message.text or "as many as last time" in message.text

    def test_kinds_without_room_are_counted(self) -> None:
        """The thread lists them: four are named."""
        some = [
            make_line(subject=str(number), group=f"X.{number}", severity=Severity.LOW)
            for number in range(100)
        ]
        counts = texts(render_parent(digest(some)))[-2].split("\n")[-1]

        assert counts.split(" · ")[-1] == "96 of 96 other kinds"
        assert len(counts.split(" · ")) == 5
        assert texts(render_parent(digest(some[:5])))[-2].endswith(" · 1 of 1 other kind")

    @settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
    @given(
        lines(),
        st.builds(
            Digest,
            occasion=HOSTILE,
            figures=st.just(Figures.of(())),
            why=HOSTILE,
            routes=st.lists(HOSTILE, max_size=3).map(tuple),
            mention=st.just(()) | st.just(("@here", "<!subteam^S012>")),
            banner=st.none() | BANNERS,
        ),
        st.none() | lines(3),
    )
    def test_every_digest_is_harmless_and_within_limits(
        self, some: list[Line], frame: Digest, before: list[Line] | None
    ) -> None:
        """No text of a finding or an operator breaks a limit, acts in Slack, or is empty."""
        trend = None if before is None else Trend.between(Totals.of(before), Totals.of(some))
        whole = Digest(
            occasion=frame.occasion,
            figures=Figures.of(some),
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


def test_the_least_of_a_digest_is_text_alone() -> None:
    """For when Slack refuses its blocks: no blocks, and still who is called and why."""
    message = render_parent_plain(digest([make_line()], mention=("@here",), occasion="Nightly"))

    assert message.arguments() == {
        "text": "<!here>\n🟠 1 × S3.8 in payments-prod · Nightly: invoices\n🟠 1 HIGH\n1 resource\n"
        "Burst · route `every-account`",
        "blocks": [],
    }
