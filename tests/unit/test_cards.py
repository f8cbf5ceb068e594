"""Cards: laid out when they are posted, and never lost for want of a layout."""

import pytest

from finding_router.delivery import cards
from finding_router.delivery.cards import Card
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding
from finding_router.slack.card import CardContext
from finding_router.slack.message import Message
from hub_events import raw_finding


def card(finding: Finding | None = None) -> Card:
    """Make the card of *finding*, or of something unreadable."""
    return Card(raw=raw_finding(), finding=finding, problem="Id is missing", context=CardContext())


def text(message: Message) -> str:
    """Give all that *message* says."""
    return str(message.arguments())


def test_a_finding_has_a_full_and_a_plain_card() -> None:
    """The plain one says it without blocks."""
    finding = read_finding(raw_finding("one"))

    assert "Title of one" in text(card(finding).full(None))
    assert card(finding).full(None).blocks
    assert not card(finding).plain(None).blocks


@pytest.mark.parametrize("layout", ["full", "plain"])
def test_a_banner_stands_above_either(layout: str) -> None:
    """The default channel learns for whom the message was meant."""
    message = getattr(card(read_finding(raw_finding())), layout)("meant for #x: is_archived")

    assert "is_archived" in text(message)


def test_what_could_not_be_read_is_shown_raw_with_the_problem() -> None:
    """Its JSON is better than nothing."""
    said = text(card().full(None))

    assert "Id is missing" in said
    assert "finding-1" in said


def test_what_cannot_be_laid_out_is_shown_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of a layout's own loses nothing."""

    def fail(*_: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr(cards, "render", fail)

    said = text(card(read_finding(raw_finding())).full(None))

    assert "ZeroDivisionError while laying it out" in said
    assert "Title of finding-1" in said
