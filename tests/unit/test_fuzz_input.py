"""Whatever an event, a finding or a stored item is: its neighbours end as they would without it."""

import copy
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamo_router import DynamoRouter, Item, by_family, family_of, write_every_family
from examples import examples
from finding_router.delivery.deliveries import Record
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.outcome import Outcome
from hub_events import imported, raw_finding
from neighbours import JSON, NEIGHBOURS, changed_somewhere, deliver, ends
from odd_items import odd_variants
from router import DEFAULT, counted
from slack_limits import violations

ODD = raw_finding("odd", Severity={"Label": "MEDIUM"})
EVENT = imported(ODD, id="event-odd")
DEEP = "[" * 100_000 + "]" * 100_000
INVISIBLE = "\u200b\u2060\ufeff\u3164\u2800\u00ad\u202e\u0001\u0085\u2028 \t`"
# In how many messages, and in which status: two of them are for two channels each.
WELL = {"plain": (1, "NOTIFIED"), "urgent": (2, "NOTIFIED"), "waits": (2, "NOTIFIED")}
UNREADABLE = {
    "findings as one object": json.dumps(imported() | {"detail": {"findings": ODD}}),
    "no detail": json.dumps({k: v for k, v in imported(ODD).items() if k != "detail"}),
    "detail as text": json.dumps(imported() | {"detail": json.dumps({"findings": [ODD]})}),
    "deep": json.dumps(imported("DEEP")).replace('"DEEP"', DEEP),
    "another type": json.dumps(imported(ODD, **{"detail-type": "Security Hub Findings - New"})),
    "cut": json.dumps(imported(ODD))[:-2],
    "wrapped": json.dumps({"Type": "Notification", "Message": json.dumps(imported(ODD))}),
    "without envelope": json.dumps({"findings": [ODD]}),
}


def test_the_neighbours_alone_end_well() -> None:
    """Said, and marked: the rest of this file compares with that."""
    router = DynamoRouter()
    deliver(router)

    assert WELL == ends(router)


@st.composite
def findings(draw: st.DrawFn) -> Any:
    """Make a finding with something odd in it."""
    return changed_somewhere(draw, ODD) if draw(st.integers(0, 3)) else draw(JSON)


@st.composite
def bodies(draw: st.DrawFn) -> object:
    """Make the body of a record: junk, or an event with something odd in it."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(JSON | st.text() | st.sampled_from(sorted(UNREADABLE.values())))
    if kind == 1:
        return json.dumps(changed_somewhere(draw, EVENT))
    text = json.dumps(EVENT | {"detail": {"findings": [draw(findings())]}})
    return text if kind == 2 else text[: draw(st.integers(0, len(text)))]


@given(body=bodies())
@examples(40)
def test_whatever_an_event_is_its_neighbours_end_well(body: object) -> None:
    """And it never leaves the handler as an exception."""
    router = DynamoRouter()
    deliver(router, body)

    assert WELL == ends(router)


@given(raw=findings())
@examples(40)
def test_whatever_a_finding_is_slack_could_take_its_messages(raw: Any) -> None:
    """No empty text, none that is too long, wherever it stands."""
    router = DynamoRouter()
    deliver(router, json.dumps(imported(raw)))

    for said in router.slack.posted:
        assert [] == violations(said.message.arguments())
        assert [] == list(empty_texts(said.message.arguments()))


def empty_texts(node: Any) -> Any:
    """Yield the text objects that Slack refuses."""
    if isinstance(node, dict):
        if node.get("type") in {"mrkdwn", "plain_text"} and not node["text"].strip():
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from empty_texts(each)


def all_texts(value: Any) -> Any:
    """Return *value* with what nobody can see in place of each of its texts but identities."""
    if isinstance(value, dict):
        kept = {"Id", "ProductArn", "Label", "Status", "RecordState", "UpdatedAt"}
        return {k: v if k in kept else all_texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [all_texts(each) for each in value]
    return INVISIBLE if isinstance(value, str) else value


@pytest.mark.parametrize("label", ["MEDIUM", "LOW", "CRITICAL"])
def test_text_that_nobody_sees_counts_as_none(label: str) -> None:
    """In cards, in digests, and at their ends."""
    router = DynamoRouter()
    odd = all_texts(raw_finding("odd")) | {"Severity": {"Label": label}}
    many = [all_texts(raw_finding(f"odd {number}")) for number in range(15)]
    deliver(router, *(json.dumps(imported(each)) for each in (odd, *many)))

    for said in router.slack.posted:
        assert [] == list(empty_texts(said.message.arguments()))


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_event_of_security_hub_that_cannot_be_read_is_posted_raw(name: str) -> None:
    """In the default channel, once, however often it is delivered; it is counted as refused."""
    router = DynamoRouter()
    router.items[0]["channel"] = "#alerts"
    record = Record(body=UNREADABLE[name], id="record-1")

    first, second = router.run(record), router.run(record)

    assert [Outcome.POSTED_RAW] == [job.outcome for job in first]
    assert [Outcome.DUPLICATE] == [job.outcome for job in second]
    [said] = router.slack.opened(DEFAULT)
    [reply] = router.slack.thread(said)
    assert "odd" in reply.all or name in {"deep", "no detail"}
    assert 2 == counted("EventsRefused")


def test_a_number_of_many_digits_does_not_hide_a_finding() -> None:
    """Python converts none of more than 4,300 digits."""
    digits = "1" * 4301
    body = json.dumps(imported(ODD | {"Confidence": "DIGITS"})).replace('"DIGITS"', digits)

    [job] = read_jobs(Record(body=body))

    assert job.finding is not None
    assert job.finding.raw["Confidence"] == digits


@pytest.mark.parametrize(
    "body",
    [
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {"of": "aws.securityhub"}},
        {"source": "aws.securityhub", "detail-type": "Security Hub Insight Results", "detail": {}},
        {"detail-type": "anything"},
    ],
)
def test_what_is_not_from_security_hub_stays_refused(body: object) -> None:
    """Nor is what the rule should not let through posted."""
    [job] = read_jobs(Record(body=json.dumps(body)))

    assert Outcome.REFUSED == job.outcome


def test_a_flood_of_unreadable_events_keeps_the_pace() -> None:
    """A message a second, beside the others."""
    router = DynamoRouter()
    flood = [json.dumps(imported({"Id": number})) for number in range(20)]
    deliver(router, *flood)

    times = sorted(each.at for each in router.slack.opened(DEFAULT))
    assert 20 == len(times)
    assert all(b - a >= 1 for a, b in pairwise(times))
    assert WELL == ends(router)


@pytest.fixture(scope="module")
def stored() -> dict[tuple[str, str], Item]:
    """Return items of every family."""
    router = DynamoRouter()
    write_every_family(router)
    return router.dynamo.stored


# Whoever shares it: a bin and its findings, and a list of bins.
SHARED = {"bin": {"waits"}}


@given(data=st.data())
@examples(30)
def test_whatever_an_item_is_its_neighbours_end_well(
    stored: dict[tuple[str, str], Item], data: st.DataObject
) -> None:
    """It stays as it is, if it cannot be read; what depends on it comes back, and no other."""
    family = data.draw(st.sampled_from(sorted(by_family(stored))))
    key = data.draw(st.sampled_from(by_family(stored)[family]))
    name, odd = data.draw(st.sampled_from(list(odd_variants(stored[key]))))
    router = DynamoRouter()
    router.clock.now += 4 * 3600
    router.dynamo.stored.update(copy.deepcopy(stored))
    router.dynamo.stored[key] = copy.deepcopy(odd)
    about_it = [raw_finding("listed-3"), raw_finding("card"), raw_finding("held")]
    ended = {"RecordState": "ARCHIVED", "UpdatedAt": "2026-09-02T10:00:00Z"}

    deliver(router, *(json.dumps(imported(each | ended)) for each in about_it))

    spared = NEIGHBOURS.keys() - SHARED.get(family, set())
    assert {each: WELL[each] for each in spared} == {
        each: end for each, end in ends(router).items() if each in spared
    }, (family_of(key), name)
