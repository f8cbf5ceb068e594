"""The messages of reminders, within Slack's limits for any text."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest_lines import HOSTILE, URLS
from factories import make_finding
from finding_router.findings.finding import Severity
from finding_router.slack.kit.buttons import Buttons
from finding_router.slack.kit.people import Handled
from finding_router.slack.messages.card import CardContext
from finding_router.slack.messages.reminder import (
    Roll,
    StillOpen,
    by_severity,
    change_of,
    heading_of,
    list_heading,
    render_roll,
    render_roll_plain,
)
from finding_router.slack.messages.thread import still_open
from slack_limits import acts, says_nothing, violations

PEOPLE = st.builds(
    Handled,
    owner=st.none() | st.just("U0123456789") | HOSTILE,
    owned_since=st.just(1_790_000_000.0),
    snoozer=st.none() | HOSTILE,
    snoozed_until=st.just(1_790_000_000.0),
    ticket=st.none() | HOSTILE,
    ticket_url=st.none() | URLS,
    ticket_state=st.none() | HOSTILE,
)
OPEN = st.builds(
    StillOpen,
    title=HOSTILE,
    severity=st.sampled_from(Severity),
    seconds=st.floats(0, 1e8),
    account=st.none() | HOSTILE,
    account_id=st.none() | HOSTILE,
    region=st.none() | HOSTILE,
    url=st.none() | URLS,
    handled=st.none() | PEOPLE,
)


def roll(*several: StillOpen, **changes: Any) -> Roll:
    """Make a roll of *several*."""
    values: dict[str, Any] = {
        "heading": heading_of(len(several), is_untaken=True),
        "several": several,
        "by_severity": by_severity(each.severity for each in several),
        "why": "reminder",
        "routes": ("said-again",),
    }
    return Roll(**values | changes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(several=st.lists(OPEN, max_size=40), change=st.sampled_from(["", change_of(2, 1)]))
def test_no_text_breaks_a_limit_or_acts(several: list[StillOpen], change: str) -> None:
    """Whatever titles, accounts, names and tickets say."""
    made = roll(*several, change=change, mention=("@here",))
    full = render_roll(made).arguments()

    assert [] == violations(full)
    assert [] == says_nothing(full)
    # The mention is the operator's own.
    quiet = render_roll(roll(*several, change=change)).arguments()
    owners = [each.handled.owner for each in several if each.handled]
    assert [] == [each for each in acts(quiet) if "U0123456789" not in each or not any(owners)]
    assert [] == violations(render_roll_plain(made).arguments())


def test_those_that_have_no_room_are_counted() -> None:
    """Long links leave out lines, never the number of all."""
    long = StillOpen(
        title="x" * 300,
        severity=Severity.LOW,
        seconds=90_000.0,
        url="https://example.com/?" + "y" * 1200,
    )

    message = render_roll(roll(*[long] * 30)).arguments()

    assert [] == violations(message)
    assert "… and " in str(message)


def test_ages_are_in_hours_and_then_in_days() -> None:
    """What was said just now is new."""
    ages = {60.0: "new", 3600.0: "1 h", 90_000.0: "25 h", 3 * 86_400.0 + 7200: "3 d"}
    for seconds, text in ages.items():
        one = StillOpen(title="x", severity=Severity.LOW, seconds=seconds)
        assert text in str(render_roll(roll(one)).arguments())


def test_headlines_count() -> None:
    """In the singular and in the plural."""
    assert "1 finding is still open, nobody has taken it" == heading_of(1, is_untaken=True)
    assert "2 findings are still open" == heading_of(2, is_untaken=False)
    assert "1 finding is open" == list_heading(1)
    assert "Nothing is open any more" == list_heading(0)
    assert "since last time 1,200 new" == change_of(1200, 0)
    assert "as last time" == change_of(0, 0)


@settings(max_examples=60, deadline=None)
@given(title=HOSTILE, people=PEOPLE, seconds=st.floats(0, 1e8), is_over=st.booleans())
def test_an_answer_breaks_no_limit(
    title: str, people: Handled, seconds: float, *, is_over: bool
) -> None:
    """With the people and the buttons of its card."""
    context = CardContext(
        routes=("said-again",), handled=people, buttons=Buttons("reference", has_ticket=True)
    )
    message = still_open(
        make_finding(title=title),
        context,
        seconds=seconds,
        is_untaken=True,
        is_snooze_over=is_over,
    )

    assert [] == violations(message.arguments())
    assert [] == says_nothing(message.arguments())
