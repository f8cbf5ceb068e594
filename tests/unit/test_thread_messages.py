"""The messages about a finding after its card."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest_lines import HOSTILE
from factories import make_finding, make_resource
from finding_router.findings.ending import Ended
from finding_router.findings.finding import Severity
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.frame import COLOURS, ENDED_COLOUR
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext, render
from finding_router.slack.messages.thread import ended_reply, render_ended, reopened, risen
from slack_limits import acts, blocks_of, says_nothing, texts_of, violations

CONTEXT = CardContext(routes=("every-account",), mention=("@here",), why="reopened")
DAY = 86_400.0
FOUR_DAYS = 3 * DAY + 4 * 3600


def at(text: str) -> float:
    """Return the Unix second that *text* means."""
    moment = parse_timestamp(text)
    assert moment is not None
    return moment.timestamp()


def texts(message: Message) -> list[str]:
    """Return every text of *message*, from top to bottom."""
    blocks = blocks_of(message.arguments())
    return [text["text"] for block in blocks for text in texts_of(block)]


class TestReopened:
    """A finding that is back."""

    def test_it_says_how_often_and_since_when(self) -> None:
        """With the subject and a link, for readers who never opened the thread."""
        finding = make_finding(account_name="a")
        message = reopened(finding, CONTEXT, times=2, now=at("2026-03-13T10:00:01Z"))
        said = texts(message)

        assert said[:3] == [
            "<!here>",
            "🔁 Reopened, 2nd time, first seen 12 days ago",
            "🟠 HIGH · Scanner · Bucket is public · a (123456789012) · eu-west-1 · invoices",
        ]
        assert "|Open in Security Hub>" in said[3]
        assert said[4] == "Reopened · route `every-account`"
        assert message.text == f"{said[1]}: {said[2]}"
        assert message.colour == COLOURS[Severity.HIGH]

    def test_the_first_message_stands_in_for_when_it_was_seen(self) -> None:
        """A finding without a usable time was first seen when it was first posted, if known."""
        finding = make_finding(first_seen="soon")
        said = reopened(finding, CONTEXT, times=3, now=10 * DAY, first_said_at=9 * DAY)
        unsaid = reopened(finding, CONTEXT, times=1, now=10 * DAY)

        assert texts(said)[1] == "🔁 Reopened, 3rd time, first seen 1 day ago"
        assert texts(unsaid)[1] == "🔁 Reopened"

    def test_what_cannot_be_linked_has_no_link(self) -> None:
        """Without a Region there is no console to lead to."""
        message = reopened(make_finding(region=None), CONTEXT, times=2, now=0)

        assert not [text for text in texts(message) if "Open in Security Hub" in text]


def test_a_rise_names_both_severities() -> None:
    """In the colour of the new one."""
    message = risen(make_finding(severity=Severity.CRITICAL), Severity.MEDIUM, CONTEXT)

    assert texts(message)[1] == "🔺 Severity rose from MEDIUM to CRITICAL"
    assert message.colour == COLOURS[Severity.CRITICAL]
    assert message.text.startswith("🔺 Severity rose from MEDIUM to CRITICAL: 🔴 CRITICAL · ")


class TestEnded:
    """A finding that is over."""

    @pytest.mark.parametrize(
        ("how", "after", "said", "why"),
        [
            (Ended.RESOLVED, FOUR_DAYS, "✅ Resolved after 3 d 4 h", "Set to RESOLVED in"),
            (Ended.PASSED, 60.0, "✅ Resolved after 1 min", "The check passes now"),
            (Ended.ARCHIVED, None, "✅ Archived", "Its product does not report it"),
            (Ended.SUPPRESSED, FOUR_DAYS, "🔕 Suppressed after 3 d 4 h", "Set to SUPPRESSED in"),
        ],
    )
    def test_card_and_reply_say_how_and_after_how_long(
        self, how: Ended, after: float | None, said: str, why: str
    ) -> None:
        """In green, for any kind of end."""
        finding = make_finding()
        card = render_ended(finding, CONTEXT, how=how, after_seconds=after)
        reply = ended_reply(finding, CONTEXT, how=how, after_seconds=after)

        assert texts(card)[0] == f"{said} · Bucket is public"
        assert texts(reply)[0].split("\n")[0] == said
        for message in (card, reply):
            assert message.text.startswith(f"{said}: 🟠 HIGH · Scanner · Bucket is public")
            assert texts(message)[-1].startswith(why)
            assert texts(message)[-1].endswith("route `every-account`")
            assert message.colour == ENDED_COLOUR

    def test_a_card_that_ended_calls_for_nothing(self) -> None:
        """No mention, description or remediation is left; title and place still are."""
        finding = make_finding()
        said = "\n".join(
            texts(render_ended(finding, CONTEXT, how=Ended.PASSED, after_seconds=None))
        )

        assert "Block public access" in str(render(finding, CONTEXT).blocks)
        for gone in ("Block public access", "Guide on", "Everyone can read", "here"):
            assert gone not in said.replace("where", "")
        for kept in ("payments-prod (123456789012)", "|invoices>", "Open in Security Hub"):
            assert kept in said
        assert "*Severity*\n🟠 HIGH" in said

    def test_a_banner_stays(self) -> None:
        """A card in the default channel still names its intended channel."""
        context = CardContext(banner=Banner(refused=(("#x", "is_archived"),), routes=("x",)))
        message = render_ended(make_finding(), context, how=Ended.PASSED, after_seconds=1)

        assert texts(message)[0] == (
            "⚠️ *For #x*, which is archived, so it came here. Un-archive it, or change route `x`."
        )

    def test_a_title_that_the_headline_cuts_stands_below(self) -> None:
        """The whole of it, as on the card while it was open; a blank one gives way to the id."""
        title = "very " * 40 + "long"
        long = render_ended(make_finding(title=title), CONTEXT, how=Ended.PASSED, after_seconds=1)
        blank = render_ended(make_finding(title=" "), CONTEXT, how=Ended.PASSED, after_seconds=1)

        assert texts(long)[1] == title
        assert texts(blank)[0].endswith("arn:aws:example:eu-west-1:123456789012:finding/1")


class TestStandards:
    """One control in several standards."""

    @pytest.mark.parametrize("is_over", [False, True])
    def test_a_card_lists_the_standards_of_its_control(self, *, is_over: bool) -> None:
        """In place of those that one of the findings names."""
        fields = {"StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1"}
        finding = make_finding({"ProductFields": fields}, product="Security Hub")
        context = CardContext(standards=("AWS FSBP v1.0.0", "CIS v3.0.0 5.2", "none"))
        message = (
            render_ended(finding, context, how=Ended.PASSED, after_seconds=1)
            if is_over
            else render(finding, context)
        )
        named = [text for text in texts(message) if text.startswith("*Standards*")]

        assert ["*Standards*\nAWS FSBP v1.0.0, CIS v3.0.0 5.2"] == named

    def test_without_others_the_finding_names_its_own(self) -> None:
        """Nothing is added to a finding of one standard."""
        fields = {"StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1"}
        finding = make_finding({"ProductFields": fields}, product="Security Hub")

        assert "*Standards*\nPCI DSS v3.2.1" in texts(render(finding, CardContext()))


OPTIONAL = st.none() | HOSTILE


@settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "title": HOSTILE,
            "description": OPTIONAL,
            "account_id": OPTIONAL,
            "account_name": OPTIONAL,
            "region": OPTIONAL | st.just("eu-west-1"),
            "product": HOSTILE,
            "control_id": OPTIONAL,
            "severity": st.sampled_from(Severity),
            "first_seen": OPTIONAL | st.just("2026-03-01T10:00:00Z"),
            "resources": st.lists(HOSTILE.map(make_resource), max_size=4).map(tuple),
        }
    ),
    st.builds(
        CardContext,
        routes=st.lists(HOSTILE, max_size=3).map(tuple),
        why=HOSTILE,
        account_alias=OPTIONAL,
        mention=st.just(()) | st.just(("@here",)),
        banner=st.none()
        | st.builds(Banner, refused=st.just((("#x", "y"),)), routes=st.tuples(HOSTILE)),
        portal=st.none() | st.just(AccessPortal("https://acme.awsapps.com/start", "ReadOnly")),
        standards=st.lists(HOSTILE, max_size=10).map(tuple),
    ),
    st.sampled_from(Ended),
)
def test_every_message_is_harmless_and_within_limits(
    changes: dict[str, Any], context: CardContext, how: Ended
) -> None:
    """For any text of the finding and the operator."""
    finding = make_finding(**changes)
    for message in (
        reopened(finding, context, times=2, now=2e9),
        risen(finding, Severity.LOW, context),
        ended_reply(finding, context, how=how, after_seconds=FOUR_DAYS),
        render_ended(finding, context, how=how, after_seconds=None),
    ):
        arguments = message.arguments()

        assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
        assert json.dumps(arguments).encode()
