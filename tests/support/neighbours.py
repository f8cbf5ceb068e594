"""Findings that are sent beside something bad, and how each of them ends."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from dynamo_router import DynamoRouter
from finding_router.delivery.deliveries import Record
from finding_router.delivery.outcome import UNDONE
from finding_router.errors import StoreError
from hub_events import PRODUCT_ARN, imported, raw_finding

NEIGHBOURS: Mapping[str, str] = {"plain": "HIGH", "urgent": "CRITICAL", "waits": "LOW"}
_ROUNDS = 5
_HOURS = 3600.0

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)

type End = tuple[int, str]


def deliver(router: DynamoRouter, *bad: object) -> None:
    """Send the neighbours with the *bad* bodies among them until none of them comes back."""
    findings = [raw_finding(name, Severity={"Label": label}) for name, label in NEIGHBOURS.items()]
    router.hold(*findings)
    now = router.clock.now
    good = [json.dumps(imported(each, sent_at=now)) for each in findings]
    bodies: list[object] = [good[0], *bad, *good[1:]]
    left = dict(enumerate(bodies))
    for tries in range(1, _ROUNDS):
        records = [
            Record(body=body, id=f"record-{number}", tries=tries) for number, body in left.items()
        ]
        jobs = router.run(*records)
        assert all(job.outcome is not None for job in jobs)
        failed = {job.record.id for job in jobs if job.outcome in UNDONE}
        left = {number: body for number, body in left.items() if f"record-{number}" in failed}
        if not left:
            break
        router.clock.now += _HOURS
    for _ in range(2):
        router.clock.now += 24 * _HOURS
        # Where the bins cannot be read, the next call of the schedule finds them as they were.
        with suppress(StoreError):
            router.wake()


def ends(router: DynamoRouter, names: Mapping[str, str] = NEIGHBOURS) -> dict[str, End]:
    """Return how often each neighbour was said, and what Security Hub holds of it."""
    texts = [each.all for each in router.slack.posted]
    return {
        name: (
            sum(f"Title of {name}" in text for text in texts),
            router.workflow.status[PRODUCT_ARN, name],
        )
        for name in names
    }


def changed_somewhere(draw: st.DrawFn, value: Any) -> Any:
    """Return a copy of *value*, JSON, with junk at one place, or without what is there."""
    copy = json.loads(json.dumps(value))
    path = draw(st.sampled_from(list(_paths(copy))))
    here = copy
    for step in path[:-1]:
        here = here[step]
    if draw(st.booleans()):
        here[path[-1]] = draw(JSON)
    else:
        del here[path[-1]]
    return copy


def _paths(value: Any) -> Any:
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in inside:
        yield [step]
        if isinstance(inner, dict | list):
            yield from ([step, *rest] for rest in _paths(inner))
