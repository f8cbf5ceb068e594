"""Cards: laid out when they are posted, and never lost for want of a layout."""

import pytest

from alerts import NOW, make_alert, make_claim, member
from finding_router.delivery.alerts.alert import Alert, Saying
from finding_router.delivery.posting import layout as cards
from finding_router.delivery.posting.layout import Card
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding, Severity
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext
from hub_events import raw_finding


def card(finding: Finding | None = None) -> Card:
    """Make the card of *finding*, or of something unreadable."""
    return Card(raw=raw_finding(), finding=finding, problem="Id is missing", context=CardContext())


BLANK = make_alert(members={})


def text(message: Message) -> str:
    """Return all text of *message*."""
    return str(message.arguments())


def test_a_finding_has_a_full_and_a_plain_card() -> None:
    """The plain message has it without blocks."""
    finding = read_finding(raw_finding("one"))

    assert "Title of one" in text(card(finding).full(BLANK, None))
    assert card(finding).full(BLANK, None).blocks
    assert not card(finding).plain(BLANK, None).blocks


BANNER = Banner(refused=(("#x", "is_archived"),), routes=("x",))


@pytest.mark.parametrize("layout", ["full", "plain"])
def test_a_banner_stands_above_either(layout: str) -> None:
    """The default channel learns for whom the message was meant."""
    message = getattr(card(read_finding(raw_finding())), layout)(BLANK, BANNER)

    assert "For #x" in text(message)
    assert "which is archived" in text(message)


def test_what_could_not_be_read_is_shown_raw_with_the_problem() -> None:
    """Its JSON is better than nothing."""
    said = text(card().full(BLANK, None))

    assert "Id is missing" in said
    assert "finding-1" in said


def test_what_cannot_be_laid_out_is_shown_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of a layout's own loses nothing."""

    def fail(*_: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr(cards, "render", fail)

    said = text(card(read_finding(raw_finding())).full(BLANK, None))

    assert "ZeroDivisionError while laying it out" in said
    assert "Title of finding-1" in said


def said(saying: Saying, alert: Alert, **changes: object) -> str:
    """Return the message that *alert* is claimed for."""
    finding = read_finding(raw_finding(**changes))
    claimed = alert.claimed(make_claim(saying, severity=alert.worst_there))
    return text(card(finding).said(claimed, now=NOW, banner=None))


def test_a_card_lists_the_standards_that_ask_for_it() -> None:
    """In one order, with any order of arrival."""
    alert = make_alert(
        members={"b": member(standard="CIS"), "a": member(standard="AWS FSBP"), "c": member()}
    )

    shown = text(card(read_finding(raw_finding())).full(alert, None))

    assert 0 < shown.index("AWS FSBP") < shown.index("CIS")


def test_the_first_thing_to_say_is_the_card() -> None:
    """Whole, as ever."""
    assert "Something happened." in said(Saying.CARD, make_alert())


def test_a_reopening_says_how_often_and_since_when() -> None:
    """Without a time of the finding's own, since its first post; Slack counts the time."""
    shown = said(Saying.REOPEN, make_alert(episode=1), CreatedAt="")

    assert "Reopened, 2nd time" in shown
    assert f"first seen <!date^{NOW - 3600:.0f}^{{ago}}|" in shown


def test_a_rise_says_from_what_to_what() -> None:
    """The channel has the one, and not the other."""
    assert "from MEDIUM to HIGH" in said(Saying.RISE, make_alert(worst=Severity.MEDIUM))


def test_a_message_shows_the_severity_of_its_claim() -> None:
    """The finding may have fallen since, which only the card shows."""
    claimed = make_alert(worst=Severity.LOW).claimed(make_claim(Saying.RISE))
    finding = read_finding(raw_finding(Severity={"Label": "MEDIUM"}))

    assert "from LOW to HIGH" in text(card(finding).said(claimed, now=NOW, banner=None))


def test_the_card_of_several_standards_shows_the_worst_that_there_is() -> None:
    """With any order of arrival."""
    alert = make_alert(members={"a": member(), "b": member(severity=Severity.LOW)})

    assert "HIGH" in said(Saying.CARD, alert, Severity={"Label": "LOW"})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"RecordState": "ARCHIVED"}, "Archived after 20 days"),
        ({"Workflow": {"Status": "SUPPRESSED"}}, "Suppressed after 20 days"),
    ],
)
def test_an_end_says_how_and_after_how_long(changes: dict[str, object], word: str) -> None:
    """On the card, and as an answer where the card cannot be changed."""
    finding = read_finding(raw_finding(**changes))

    assert word in text(card(finding).ended(make_alert(), NOW))
    assert word in said(Saying.END, make_alert(), **changes)


def test_an_end_of_what_nobody_knows_the_beginning_of_leaves_out_how_long_it_took() -> None:
    """It shows no more than is known."""
    finding = read_finding(raw_finding(RecordState="ARCHIVED", CreatedAt=""))

    assert "Archived after 60 minutes" in card(finding).ended(make_alert(), NOW).text
    assert " after " not in card(finding).ended(make_alert(posted_at=None), NOW).text


def test_an_unreadable_finding_that_ends_is_shown_raw() -> None:
    """It has no other card."""
    assert "Id is missing" in text(card().ended(make_alert(), NOW))
