"""The log lines and metrics of a finding once it has an outcome."""

import pytest

from fakes import unavailable
from finding_router.telemetry import FINDINGS_POSTED, FINDINGS_SHADOWED
from hub_events import raw_finding
from router import EVERYTHING, Router, counted

SHADOWED = ({**EVERYTHING, "mode": "shadow"}, {"kind": "route", "name": "c", "channel": "#c"})
SILENCE = {"kind": "silence", "name": "s", "match": {}, "until": "2026-09-21T16:00:00Z"}
PASSED = {"Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"}}


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the levels of the lines about findings."""
    return [record.levelname for record in caplog.records if record.message == "finding"]


@pytest.mark.parametrize(
    "changes", [PASSED, {"RecordState": "ARCHIVED"}, {"Workflow": {"Status": "NOTIFIED"}}]
)
def test_what_was_never_said_leaves_no_line(
    caplog: pytest.LogCaptureFixture, changes: dict[str, object]
) -> None:
    """Security Hub reports every check once a day; they would be most of the log."""
    Router().send(raw_finding(**changes))

    assert [] == logged(caplog)


def test_what_was_said_leaves_a_line_until_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """And so does its end when it comes again."""
    router = Router()
    end = raw_finding(UpdatedAt="2026-09-22T10:00:00Z", RecordState="ARCHIVED")
    router.send(raw_finding())
    router.send(end)

    router.send(end, tries=2)

    assert ["INFO"] * 3 == logged(caplog)


def test_what_was_to_be_said_leaves_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """Whether it was posted or not."""
    Router({"kind": "route", "name": "quiet", "action": "drop"}).send(raw_finding(), "nonsense")

    assert ["INFO"] * 2 == logged(caplog)


class TestShadows:
    """FindingsShadowed counts the findings that shadow routes would have posted."""

    def test_what_is_said_before_is_not_counted_again(self) -> None:
        """A redelivery is no second message."""
        router = Router(*SHADOWED)

        router.send(raw_finding())
        router.send(raw_finding(), tries=2)

        assert (1, 1) == (counted(FINDINGS_POSTED), counted(FINDINGS_SHADOWED))

    def test_tries_that_fail_are_not_counted(self) -> None:
        """The one that works is."""
        router = Router(*SHADOWED)
        router.faults.plan("post", unavailable(), times=3)

        for tries in range(1, 5):
            router.send(raw_finding(), tries=tries)
            router.clock.now += 100

        assert (1, 1) == (counted(FINDINGS_POSTED), counted(FINDINGS_SHADOWED))

    def test_what_a_silence_forgets_is_not_counted(self) -> None:
        """It silences the shadow, too."""
        Router(*SHADOWED, {**SILENCE, "on_expiry": "forget"}).send(raw_finding())

        assert 0 == counted(FINDINGS_SHADOWED)

    def test_what_would_be_said_later_is_counted(self) -> None:
        """In the digest of the silence."""
        Router(*SHADOWED, SILENCE).send(raw_finding())

        assert 1 == counted(FINDINGS_SHADOWED)

    def test_what_other_routes_drop_is_counted(self) -> None:
        """The shadow would have posted it."""
        shadow, _ = SHADOWED
        Router(shadow, {"kind": "route", "name": "quiet", "action": "drop"}).send(raw_finding())

        assert 1 == counted(FINDINGS_SHADOWED)
