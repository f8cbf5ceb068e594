"""Intake: from a record to its findings, so that a bad one never takes its neighbours along."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import START
from finding_router.delivery import intake
from finding_router.delivery.deliveries import Record
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.outcome import Outcome
from finding_router.findings.events import EventKind
from hub_events import custom_action, imported, raw_finding, record


def test_each_finding_of_an_event_is_a_job() -> None:
    """Events carry several findings, as real ones do."""
    jobs = read_jobs(record(imported(raw_finding("one"), raw_finding("two"))))

    assert ["one", "two"] == [job.finding and job.finding.id for job in jobs]
    assert [None, None] == [job.outcome for job in jobs]


def test_a_bare_event_is_read_like_the_body_of_a_record() -> None:
    """`sam local invoke` sends the event itself."""
    [job] = read_jobs(Record(body=imported(raw_finding("one"))))

    assert job.finding is not None
    assert "one" == job.finding.id


def test_a_job_knows_when_its_event_was_sent() -> None:
    """The Workflow status in an event is as old as the event."""
    [job] = read_jobs(record(imported(raw_finding(), sent_at=START)))

    assert job.sent_at == START


def test_an_event_without_a_time_says_so() -> None:
    """Hand-made events do not always have one."""
    [job] = read_jobs(record(imported(raw_finding())))

    assert job.sent_at is None


def test_a_custom_action_names_itself() -> None:
    """The card names the action that a person used."""
    [job] = read_jobs(record(custom_action(raw_finding(), name="To the SOC")))

    assert (EventKind.CUSTOM_ACTION, "To the SOC") == (job.kind, job.action_name)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"RecordState": "ARCHIVED"}, Outcome.ARCHIVED),
        ({"Workflow": {"Status": "NOTIFIED"}}, Outcome.NOT_NEW),
        ({"Workflow": {"Status": "SUPPRESSED"}}, Outcome.NOT_NEW),
        ({"Compliance": {"Status": "PASSED"}}, Outcome.PASSED),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, Outcome.NOT_AVAILABLE),
    ],
)
def test_what_is_not_posted_has_its_outcome_at_once(
    changes: dict[str, Any], expected: Outcome
) -> None:
    """Each reason not to post has a name of its own."""
    [job] = read_jobs(record(imported(raw_finding(**changes))))

    assert expected == job.outcome


def test_a_person_may_send_what_would_not_be_posted_by_itself() -> None:
    """A custom action is a request, with any status."""
    [job] = read_jobs(record(custom_action(raw_finding(RecordState="ARCHIVED"))))

    assert job.outcome is None


def test_an_unreadable_finding_is_kept_raw_beside_its_neighbours() -> None:
    """It has no outcome yet: it is still to be posted, with the mistake."""
    broken = raw_finding(Id=7)
    good = raw_finding("good")

    first, second = read_jobs(record(imported(broken, good)))

    assert first.finding is None
    assert first.outcome is None
    assert first.raw == broken
    assert "Id" in first.detail
    assert second.finding is not None


def test_a_finding_that_nobody_foresaw_is_kept_raw_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a fault of the reader's own hurts only that finding."""
    read_finding = intake.read_finding

    def read(raw: Any, outline: Any) -> Any:
        if raw["Id"] == "odd":
            raise RecursionError
        return read_finding(raw, outline)

    monkeypatch.setattr(intake, "read_finding", read)

    first, second = read_jobs(record(imported(raw_finding("odd"), raw_finding("good"))))

    assert first.finding is None
    assert "RecursionError while reading it" == first.detail
    assert second.finding is not None


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[" * 100_000,
        "[]",
        '"text"',
        "null",
        None,
        json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}),
        json.dumps({"source": "aws.securityhub", "detail-type": "Security Hub Insight Results"}),
        json.dumps(imported()),
    ],
)
def test_a_record_that_is_no_event_of_ours_is_refused_with_a_reason(body: object) -> None:
    """It is one job, ended, and never an exception."""
    [job] = read_jobs(Record(body=body, id="record-1"))

    assert Outcome.REFUSED == job.outcome
    assert job.detail


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_no_record_is_too_odd(body: Any) -> None:
    """Any JSON in a record, or as a finding in an event, becomes a job."""
    assert read_jobs(Record(body=json.dumps(body)))
    assert 1 == len(read_jobs(record(imported(body))))
