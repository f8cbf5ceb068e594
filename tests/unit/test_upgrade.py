"""Upgrade and roll-back: items of the last released shapes, and what their reader requires."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dynamo_router import ALERTS, DynamoRouter, by_family, write_every_family
from finding_router.aws.keys import SHAPE
from finding_router.delivery.alerts.identity import former_subject_of, subject_of
from hub_events import FSBP, control, imported, raw_finding, record
from memory_dynamo import Item
from router import DEFAULT, OPS, outcomes

# As the version before this one wrote them: `write_every_family` ran over its adapters. With a new
# shape the folder gets a sister, and this test reads both.
RELEASED = Path(__file__).parents[1] / "fixtures" / "ledger" / f"shape-{SHAPE}" / "items.json"
EVENT = {"member": "S", "status": "S", "severity": "S", "is_notified": "BOOL"}
DIGEST = {
    "name": "S",
    "in_channel": "S",
    "number": "N",
    "state": "S",
    "version": "N",
    "claimed_at": "N",
    "lease_until": "N",
    "claimed_by": "S",
    "started_at": "N",
    "last_at": "N",
    "heading": "S",
    "why": "S",
    "routes": "L",
    "mention": "L",
}
# Each attribute that the released reader takes for granted, and its type.
REQUIRED: dict[str, dict[str, str]] = {
    "alert": {
        "version": "N",
        "members": "M",
        "episode": "N",
        "sequence": "N",
        "is_shown": "BOOL",
        "severity": "S",
        "worst": "S",
        "is_card_stale": "BOOL",
        "is_unlisted": "BOOL",
        "touched_at": "N",
    },
    "channels": {"channels": "SS"},
    "held in": {"bins": "SS"},
    "digest": DIGEST,
    "about": DIGEST,
    "count": {"put_so_far": "N"},
    "lines": {
        "subject": "S",
        "finding_id": "S",
        "product_arn": "S",
        "severity": "S",
        "title": "S",
        "product": "S",
        "group": "S",
    },
    "bin": {"kind": "S", "reason": "S", "in_channel": "S", "touched_at": "N"},
    "held": {
        "subject": "S",
        "routes": "L",
        "mention": "L",
        "since": "N",
        "due_at": "N",
        "held_at": "N",
        "is_owed": "BOOL",
        "event": "B",
    },
    "rate": {"next_at": "N"},
    "lock": {"granted_to": "S", "due_at": "N"},
}
CLAIM = {
    "saying": "S",
    "severity": "S",
    "moment": "L",
    "claimed_at": "N",
    "lease_until": "N",
    "worker": "S",
}


def released() -> dict[tuple[str, str], Item]:
    """Return the items that the released version wrote."""
    families = json.loads(RELEASED.read_text("utf-8"))
    items = [_with_bytes(item) for several in families.values() for item in several]
    return {(item["finding"]["S"], item["channel"]["S"]): item for item in items}


def _with_bytes(item: dict[str, Any]) -> Item:
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }


@pytest.fixture
def router() -> DynamoRouter:
    """Return a worker of this version over what the released one has left."""
    router = DynamoRouter()
    router.clock.now += 4 * 3600
    router.dynamo.stored.update(released())
    return router


def test_the_released_items_are_of_every_family() -> None:
    """Or the tests below would show nothing."""
    assert REQUIRED.keys() == by_family(released()).keys()


def test_what_was_said_before_the_upgrade_is_not_said_again(router: DynamoRouter) -> None:
    """Neither as a card, nor in a digest: the records of then are delivered again."""
    findings = [raw_finding(f"listed-{number}") for number in range(12)]
    router.hold(*findings, status="NOTIFIED")

    jobs = router.run(
        *(
            record(imported(each, sent_at=router.clock.now - 2 * 3600), number=number, tries=2)
            for number, each in enumerate(findings, start=1)
        )
    )

    assert ["duplicate"] * 12 == outcomes(jobs)
    assert [] == router.slack.opened(ALERTS)
    assert not router.stores.unreadable


def test_a_claim_from_before_the_upgrade_is_looked_into(router: DynamoRouter) -> None:
    """Its worker died over the end of a finding, of which nothing stands in Slack."""
    [job] = router.send(
        raw_finding("card", RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")
    )

    assert "failed" != job.outcome
    assert router.faults.count("find")


def test_what_was_held_before_the_upgrade_is_said(router: DynamoRouter) -> None:
    """When it is due, once."""
    router.clock.now += 2 * 86_400

    assert ["digested"] == outcomes(router.wake())
    assert [] == router.wake()
    assert 1 == len(router.slack.opened("#daily"))
    assert [] == router.slack.opened(OPS)
    assert [] == router.slack.opened(DEFAULT)


def test_a_burst_goes_on_over_the_upgrade(router: DynamoRouter) -> None:
    """Its end is told by changing what the released version posted."""
    [job] = router.send(
        raw_finding("listed-3", RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")
    )

    assert "updated" == job.outcome
    assert not router.stores.unreadable


def from_region(region: str, **changes: Any) -> dict[str, Any]:
    """Make what a Region reports of a control about an IAM user."""
    return control(FSBP) | {
        "Id": f"iam-5-{region}",
        "ProductArn": f"arn:aws:securityhub:{region}::product/aws/securityhub",
        "Region": region,
        "Compliance": {"Status": "FAILED", "SecurityControlId": "IAM.5"},
        "Resources": [{"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/ann"}],
        **changes,
    }


def test_a_card_for_each_region_of_a_global_resource_goes_on_over_the_upgrade() -> None:
    """The released version had a subject for each: none is said again, and each card ends."""
    router = DynamoRouter()
    regions = ("us-east-1", "eu-west-1")
    with pytest.MonkeyPatch.context() as released_version:
        former = "finding_router.delivery.deliveries.subject_of"
        released_version.setattr(former, lambda each: former_subject_of(each) or subject_of(each))
        router.send(*map(from_region, regions))
    router.restart()
    router.clock.now += 60

    jobs = router.send(*(from_region(each, UpdatedAt="2026-09-02T10:00:00Z") for each in regions))
    assert {"duplicate"} == set(outcomes(jobs))
    cards = router.slack.opened(ALERTS)
    assert 2 == len(cards)
    ended = {"RecordState": "ARCHIVED", "UpdatedAt": "2026-09-03T10:00:00Z"}
    router.send(*(from_region(each, **ended) for each in regions))
    assert all("Archived" in each.text for each in cards)
    router.send(*(from_region(each, UpdatedAt="2026-09-04T10:00:00Z") for each in regions))
    assert cards == router.slack.opened(ALERTS)


@pytest.mark.parametrize("family", REQUIRED)
def test_the_released_version_can_read_what_this_one_writes(family: str) -> None:
    """After a roll-back: it requires no attribute that is missing, or of another type."""
    router = DynamoRouter()
    write_every_family(router)
    several = [router.dynamo.stored[key] for key in by_family(router.dynamo.stored)[family]]

    assert several
    for item in several:
        assert REQUIRED[family] == _types(item, REQUIRED[family])
        assert {"N": str(SHAPE)} == item["shape"]
        for member in item.get("members", {}).get("M", {}).values():
            assert EVENT == _types(member["M"], EVENT)
        if "claim" in item:
            assert CLAIM == _types(item["claim"]["M"], CLAIM)


def _types(item: Item, names: dict[str, str]) -> dict[str, str | None]:
    return {name: next(iter(item.get(name, {})), None) for name in names}
