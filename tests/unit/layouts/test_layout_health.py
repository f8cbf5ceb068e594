"""Health's layout."""

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.health import lay_out


def test_event_and_times_are_shown() -> None:
    """The event, its start and its end, in the reader's own time."""
    fields = {
        "HealthEventStartTime": "2026-03-01T10:00:00Z",
        "HealthEventEndTime": "2026-03-01T11:00:00Z",
    }
    finding = make_finding({"ProductFields": fields}, generator_id="AWS_RISK_CREDENTIALS_EXPOSED")

    assert dict(lay_out(finding).facts) == {
        "Event": "`AWS_RISK_CREDENTIALS_EXPOSED`",
        "Starts": "<!date^1772359200^{date_short_pretty} at {time}|2026-03-01 10:00 UTC>",
        "Ends": "<!date^1772362800^{date_short_pretty} at {time}|2026-03-01 11:00 UTC>",
    }


def test_an_event_that_is_the_title_is_not_said_again() -> None:
    """Most titles end in the event's code."""
    finding = make_finding(title="AWS Health - AWS_RISK_X", generator_id="AWS_RISK_X")

    assert lay_out(finding).facts == ()


def test_line_breaks_written_out_become_line_breaks() -> None:
    r"""Health writes ``\n`` as two characters."""
    finding = make_finding(description=r"One.\r\nTwo.\n\nThree.")

    assert lay_out(finding).description == "One.\nTwo.\n\nThree."


def test_without_text_nothing_is_added() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding(description=None, generator_id=None)) == Detail()
