"""The messages about a finding after its card."""

import json
import re
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
from finding_router.slack.kit.text import visible_length
from finding_router.slack.messages.card import CardContext, render
from finding_router.slack.messages.thread import ended_reply, render_ended, reopened, risen
from slack_limits import acts, blocks_of, says_nothing, texts_of, unplain, violations

CONTEXT = CardContext(routes=("every-account",), mention=("@here",), why="reopened")
DAY = 86_400.0


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
        """With place, resource and links, for readers who never opened the thread."""
        message = reopened(make_finding(), CONTEXT, times=2)
        called, headline, top, small = texts(message)

        assert called == "<!here>"
        assert headline == "🔁 Reopened, 2nd time · 🟠 Bucket is public: S3 bucket invoices"
        place, links = top.split("\n")
        assert place == (
            "*payments-prod* · eu-west-1 · Scanner · "
            "first seen <!date^1772359200^{ago}|2026-03-01 10:00 UTC>"
        )
        assert re.findall(r"\|([^>]+)>", links)[:2] == ["S3 bucket", "Security Hub"]
        assert small == "Finding `86dfbf72` · route `every-account`"
        assert message.text == (
            "🔁 payments-prod · Reopened, 2nd time: Bucket is public: S3 bucket invoices"
            " · eu-west-1"
        )
        assert message.colour == COLOURS[Severity.HIGH]

    def test_the_first_message_stands_in_for_when_it_was_seen(self) -> None:
        """A finding without a usable time was first seen when it was first posted, if known."""
        finding = make_finding(first_seen="soon")
        said = reopened(finding, CONTEXT, times=3, first_said_at=9 * DAY)
        unsaid = reopened(finding, CONTEXT, times=1)

        assert texts(said)[1].startswith("🔁 Reopened, 3rd time · ")
        assert " · first seen <!date^777600^{ago}|1970-01-10 00:00 UTC>" in texts(said)[2]
        assert texts(unsaid)[1].startswith("🔁 Reopened · ")
        assert "first seen" not in texts(unsaid)[2]

    def test_what_cannot_be_linked_has_no_link(self) -> None:
        """Without a Region there is no console to lead to."""
        message = reopened(make_finding(region=None), CONTEXT, times=2)

        assert not [text for text in texts(message) if "Security Hub" in text]


def test_a_rise_names_both_severities() -> None:
    """In the colour of the new one."""
    message = risen(make_finding(severity=Severity.CRITICAL), Severity.MEDIUM, CONTEXT)

    assert texts(message)[1] == (
        "🔺 Severity rose from MEDIUM to CRITICAL · 🔴 Bucket is public: S3 bucket invoices"
    )
    assert message.colour == COLOURS[Severity.CRITICAL]
    assert message.text.startswith(
        "🔺 payments-prod · Severity rose from MEDIUM to CRITICAL: "
        "Bucket is public: S3 bucket invoices"
    )


ENDED_AT = at("2026-03-12T12:00:00Z")
NOTE = {"Text": "Rotated the credentials,\nINC-1234", "UpdatedBy": "anna"}


def ended(
    raw: dict[str, Any] | None = None, how: Ended = Ended.RESOLVED, **changes: Any
) -> Message:
    """Return the card of a finding that ended eleven days after it was first seen."""
    finding = make_finding(raw, **changes)
    return render_ended(finding, CONTEXT, how=how, ended_at=ENDED_AT, said_at=ENDED_AT - DAY)


class TestEnded:
    """A finding that is over."""

    @pytest.mark.parametrize(
        ("how", "said", "why"),
        [
            (Ended.RESOLVED, "✅ *Resolved* after 11 days", "Scanner"),
            (Ended.PASSED, "✅ *Resolved* after 11 days", "The check passes now · Scanner"),
            (
                Ended.ARCHIVED,
                "✅ *Archived* after 11 days",
                "Its product does not report it any more · Scanner",
            ),
            (Ended.SUPPRESSED, "🔕 *Suppressed* after 11 days", "Scanner"),
        ],
    )
    def test_card_and_reply_say_how_and_after_how_long(
        self, how: Ended, said: str, why: str
    ) -> None:
        """In green, for any kind of end: what it was is struck through."""
        card = ended(how=how)
        reply = ended_reply(
            make_finding(), CONTEXT, how=how, ended_at=ENDED_AT, said_at=ENDED_AT - DAY
        )

        line, small = texts(card)
        assert line == (
            f"{said} · ~🟠 Bucket is public: S3 bucket invoices~ · *payments-prod* eu-west-1"
        )
        assert small.startswith(f"{why} · <https://")
        assert small.endswith("|Security Hub> · finding `86dfbf72`")
        assert card.colour == ENDED_COLOUR
        assert reply == card

    def test_the_age_is_that_of_the_finding(self) -> None:
        """Of the message only where the finding has none; of what began after its end nothing."""
        assert " after 24 hours · " in texts(ended(first_seen=None))[0]
        assert " after " not in texts(ended(first_seen="2026-04-01T00:00:00Z"))[0]
        unknown = render_ended(
            make_finding(first_seen=None),
            CONTEXT,
            how=Ended.PASSED,
            ended_at=ENDED_AT,
            said_at=None,
        )
        assert " after " not in texts(unknown)[0]

    @pytest.mark.parametrize("status", ["RESOLVED", "SUPPRESSED"])
    def test_who_ended_it_and_the_note_are_said(self, status: str) -> None:
        """The author of a note that came with the end; the note is quoted."""
        line, note = texts(ended({"Note": NOTE}, Ended[status]))[0].split("\n")

        assert line[2:].startswith(f"*{status.capitalize()} by anna* after 11 days · ")
        assert note == "> Rotated the credentials, INC-1234"

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            ("arn:aws:sts::123456789012:assumed-role/Admin/anna@corp.example", "anna@corp.example"),
            ("", None),
            ("unknown", None),
            ("a *b*", "a `*b*`"),
        ],
    )
    def test_a_person_goes_by_name(self, by: str, expected: str | None) -> None:
        """The end of an ARN; what says nothing is nobody."""
        line = texts(ended({"Note": {**NOTE, "UpdatedBy": by}}))[0].split("\n")[0]

        assert (f"Resolved by {expected}" in line) if expected else ("*Resolved* after" in line)

    @pytest.mark.parametrize(
        ("note", "how"),
        [
            ({**NOTE, "UpdatedAt": "2026-03-02T10:00:00Z"}, Ended.RESOLVED),
            ({**NOTE, "UpdatedAt": "2026-03-12T09:10:00Z"}, Ended.RESOLVED),
            (NOTE, Ended.PASSED),
            (NOTE, Ended.ARCHIVED),
        ],
    )
    def test_the_author_of_another_note_did_not_end_it(
        self, note: dict[str, str], how: Ended
    ) -> None:
        """An old note, one from the finding's first minutes, or one beside a check that passes."""
        raw = {"Note": note, "CreatedAt": "2026-03-12T09:00:00Z"}
        shown = texts(ended(raw, how))[0]

        assert " by " not in shown
        assert "\n> Rotated the credentials" in shown

    def test_a_note_of_the_last_day_is_the_end_s(self) -> None:
        """People write it and then set the status."""
        note = {**NOTE, "UpdatedAt": "2026-03-12T09:10:00Z"}
        raw = {"Note": note, "CreatedAt": "2026-03-01T09:00:00Z"}

        assert "Resolved by anna" in texts(ended(raw))[0]

    def test_a_card_that_ended_calls_for_nothing(self) -> None:
        """No mention, sentence, resource or guide is left, and no word that alarms."""
        finding = make_finding(severity=Severity.CRITICAL)
        said = "\n".join(texts(ended(severity=Severity.CRITICAL)))

        assert "Block public access" in str(render(finding, CONTEXT).blocks)
        for gone in ("Block public access", "How to fix", "Everyone can read", "!here"):
            assert gone not in said
        for gone in ("CRITICAL", "FAILED"):
            assert gone not in said

    def test_owner_and_ticket_stay(self) -> None:
        """Who looks it up later wants to know whom to ask."""
        raw = {"UserDefinedFields": {"ticket": "SEC-42"}}
        context = CardContext(show_tags=("team",))
        resources = (make_resource(tags={"team": "red"}),)
        finding = make_finding(raw, resources=resources, control_id="S3.8")
        card = render_ended(finding, context, how=Ended.PASSED, ended_at=ENDED_AT, said_at=None)

        assert texts(card)[-1].startswith(
            "The check passes now · S3.8 · team=red · ticket: SEC-42 · <https://"
        )

    @pytest.mark.parametrize("how", list(Ended))
    def test_nothing_makes_it_longer_than_a_few_lines(self, how: Ended) -> None:
        """Long owners, products, accounts and people are cut, so that it stays low on a phone."""
        note = {"Text": "Rotated, " * 20, "UpdatedBy": "anna." * 12 + "@example.com"}
        fields = {"ticket": "INC-1234 in the tracker " * 9, "cost": "centre " * 9}
        resources = (make_resource(tags={"team": "red " * 30, "env": "prod " * 30}),)
        finding = make_finding(
            {"Note": note, "UserDefinedFields": fields},
            resources=resources,
            product="project/region/product " * 9,
            account_name="payments production " * 4,
        )
        context = CardContext(show_tags=("team", "env"))
        card = render_ended(finding, context, how=how, ended_at=ENDED_AT, said_at=None)
        above, small = texts(card)
        line, quoted = above.split("\n")

        assert len(line) < (90 if visible_length(small) > 47 else 120)
        assert len(quoted) < 40
        assert visible_length(small) <= 92
        assert "team=red" in small

    def test_a_banner_stays(self) -> None:
        """A card in the default channel still names its intended channel."""
        context = CardContext(banner=Banner(refused=(("#x", "is_archived"),), routes=("x",)))
        message = render_ended(
            make_finding(), context, how=Ended.PASSED, ended_at=ENDED_AT, said_at=None
        )

        assert texts(message)[0] == (
            "⚠️ *For #x*, which is archived, so it came here. Un-archive it, or change route `x`."
        )

    def test_a_long_title_is_cut(self) -> None:
        """An ended card is two or three lines; a blank title gives way to the id."""
        long, blank = (texts(ended(title=title))[0] for title in ("very " * 40 + "long", " "))

        assert "very v…~ · *payments-prod* eu-west-1" in long
        assert "arn:aws:example:eu-west-1:123456789012:…`~" in blank


class TestStandards:
    """One control in several standards."""

    def test_a_card_lists_the_standards_of_its_control(self) -> None:
        """In place of those that one of the findings names."""
        fields = {"StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1"}
        finding = make_finding({"ProductFields": fields}, product="Security Hub")
        context = CardContext(standards=("AWS FSBP v1.0.0", "CIS v3.0.0 5.2", "none"))

        assert "AWS FSBP v1.0.0, CIS v3.0.0 5.2 · " in texts(render(finding, context))[-1]
        assert "PCI DSS" not in str(render(finding, context))

    def test_without_others_the_finding_names_its_own(self) -> None:
        """Nothing is added to a finding of one standard."""
        fields = {"StandardsArn": "arn:aws:securityhub:::standards/pci-dss/v/3.2.1"}
        finding = make_finding({"ProductFields": fields}, product="Security Hub")

        assert "PCI DSS v3.2.1 · " in texts(render(finding, CardContext()))[-1]


OPTIONAL = st.none() | HOSTILE


@settings(max_examples=75, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "raw": st.fixed_dictionaries(
                {},
                optional={
                    "Note": st.fixed_dictionaries({"Text": HOSTILE, "UpdatedBy": HOSTILE}),
                    "UserDefinedFields": st.dictionaries(HOSTILE, HOSTILE, max_size=3),
                },
            ),
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
        reopened(finding, context, times=2),
        risen(finding, Severity.LOW, context),
        ended_reply(finding, context, how=how, ended_at=2e9, said_at=1e9),
        render_ended(finding, context, how=how, ended_at=2e9, said_at=None),
    ):
        arguments = message.arguments()

        assert violations(arguments) + acts(arguments) + says_nothing(arguments) == []
        assert unplain(message.text) == []
        assert json.dumps(arguments).encode()
