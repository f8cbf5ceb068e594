"""A run that waits for a slot marks meanwhile what its digests list already."""

from itertools import takewhile
from typing import Any

import pytest

from fakes import Killed, killed, security_hub_down
from finding_router.delivery.early_marks import FINDINGS_AT_ONCE
from finding_router.delivery.outcome import UNDONE, Outcome
from hub_events import PRODUCT_ARN, raw_finding
from router import Router, outcomes

LONG = "x" * 400
COUNT = 100


def flood(count: int, **changes: Any) -> list[dict[str, Any]]:
    """Make *count* findings that fill several replies."""
    return [
        raw_finding(f"finding-{number:03}", Title=f"Title of {number} {LONG}", **changes)
        for number in range(count)
    ]


def calls(router: Router) -> list[str]:
    """Return the posts and marks of a run in order."""
    return [name for name, _ in router.faults.calls if name in {"post", "statuses", "mark"}]


def marked(router: Router) -> int:
    """Return the number of findings that are NOTIFIED."""
    return sum(each == "NOTIFIED" for each in router.workflow.status.values())


def test_listed_findings_are_marked_before_the_last_message() -> None:
    """Each is asked about and marked once."""
    router = Router()

    jobs = router.send(*flood(COUNT))

    made = calls(router)
    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    assert COUNT == marked(router)
    assert made.index("mark") < len(made) - 1 - made[::-1].index("post")
    assert COUNT // FINDINGS_AT_ONCE >= made.count("mark") > 1
    assert all(each.members for each in router.alerts)
    assert all(each.is_notified for alert in router.alerts for each in alert.members.values())


def test_none_is_marked_before_it_is_listed() -> None:
    """A worker that dies there leaves the others NEW."""
    router = Router()
    router.faults.plan("post", killed, skip=3)

    with pytest.raises(Killed):
        router.send(*flood(COUNT))

    listed = sum(len(said.delivery_ids) for said in router.slack.posted[1:])
    assert 0 < marked(router) <= listed < COUNT


def test_a_slow_answer_takes_no_slot_twice() -> None:
    """The rest is marked at the end."""
    router = Router()
    router.faults.plan("statuses", seconds=5.0)

    router.send(*flood(COUNT))

    made = calls(router)
    assert COUNT == marked(router)
    assert 2 == made.count("statuses")
    assert "post" not in list(takewhile(lambda each: each != "statuses", made[::-1]))


def test_a_refusal_brings_back_those_of_its_call() -> None:
    """The others are marked at the end, and the next try says nothing again."""
    router = Router()
    router.faults.plan("statuses", security_hub_down)
    findings = flood(COUNT)

    jobs = router.send(*findings)
    failed = [job for job in jobs if job.outcome in UNDONE]
    said = len(router.slack.posted)
    router.send(*findings, tries=2)

    assert FINDINGS_AT_ONCE == len(failed)
    assert said == len(router.slack.posted)
    assert COUNT == marked(router)


def test_what_ended_meanwhile_is_shown_as_over() -> None:
    """Its end came before it was listed, as an event about nothing."""
    router = Router()
    router.hold(*flood(COUNT))
    for number in range(FINDINGS_AT_ONCE):
        key = PRODUCT_ARN, f"finding-{number:03}"
        router.workflow.archived.add(key)

    router.send(*flood(COUNT))

    over = [each for each in router.alerts if not each.is_shown]
    assert FINDINGS_AT_ONCE == len(over)
    assert COUNT - FINDINGS_AT_ONCE == marked(router)


@pytest.mark.parametrize("critical", [1, 3])
def test_a_card_beside_a_digest_is_marked_once_it_is_listed(critical: int) -> None:
    """Its alert is changed by the list: a mark before that would be in its way."""
    router = Router()
    cards = [
        raw_finding(f"critical-{number}", Severity={"Label": "CRITICAL"})
        for number in range(critical)
    ]

    router.send(*flood(COUNT), *cards)

    assert COUNT + critical == marked(router)
    assert not [each for each in router.alerts if each.is_unlisted]
