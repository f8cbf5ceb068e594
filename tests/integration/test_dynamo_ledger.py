"""The Ledger in DynamoDB: its items, and its errors for those of DynamoDB."""

from collections import Counter
from copy import replace
from typing import Any

import pytest
from moto.dynamodb.exceptions import TransactionCanceledException
from moto.dynamodb.models import DynamoDBBackend

from alerts import MEMBER, event, unsaid
from finding_router.aws.items import MAX_CALLS, Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.rates import DynamoRates
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Mark
from finding_router.errors import StoreError, UnreadableError
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault

TABLE = "ledger"
DAYS = 400
KEY = AlertKey("finding", "#alerts")
ALERT = unsaid(key=KEY, touched_at=1_790_000_000.5)


@pytest.fixture
def items(make_table: Any) -> Items:
    """Return the items of an empty table."""
    return Items(make_table(TABLE, "finding", "channel"))


@pytest.fixture
def ledger(items: Items) -> DynamoLedger:
    """Return a Ledger on an empty table."""
    return DynamoLedger(items, days=DAYS)


def fail(aws: AwsServer, operation: str, **how: Any) -> None:
    """Make *operation* of DynamoDB fail."""
    aws.faults.add(Fault(service="dynamodb", operation=operation, **how))


def stored(aws: AwsServer) -> list[dict[str, Any]]:
    """Return the table as it is."""
    return list(aws.client("dynamodb").scan(TableName=TABLE)["Items"])


def test_an_entry_expires_by_the_tables_ttl(ledger: DynamoLedger, aws: AwsServer) -> None:
    """In whole seconds, as DynamoDB wants them."""
    ledger.write(ALERT)

    [item] = stored(aws)
    assert {"N": str(1_790_000_000 + DAYS * 86_400)} == item["expires_at"]


def test_what_is_not_known_is_not_stored(ledger: DynamoLedger, aws: AwsServer) -> None:
    """No attribute stands for None."""
    ledger.write(ALERT)

    [item] = stored(aws)
    assert not {"key", "ts", "posted_to", "posted_at", "digest", "risen_at"} & item.keys()
    assert not {"notified_at", "standard"} & item["members"]["M"][MEMBER]["M"].keys()


def test_a_lock_expires_a_day_after_it_is_due_again(items: Items, aws: AwsServer) -> None:
    """The Ledger forgets by itself."""
    DynamoLocks(items).once("routes", by="a", every_seconds=3600, now=1000.0)

    [item] = stored(aws)
    assert {"N": str(1000 + 3600 + 86_400)} == item["expires_at"]


@pytest.mark.parametrize("effect", [Effect.THROTTLE, Effect.OUTAGE, Effect.LOSE_ANSWER])
def test_a_passing_trouble_is_not_noticed(
    ledger: DynamoLedger, aws: AwsServer, effect: Effect
) -> None:
    """boto3 asks again, and a write whose answer was lost counts as the one it was."""
    for operation in ("PutItem", "BatchGetItem", "UpdateItem"):
        fail(aws, operation, effect=effect)

    assert ledger.write(ALERT)
    ledger.record_notified([Mark(MEMBER, KEY)], at=5.0)
    assert {KEY} == ledger.read([KEY]).keys()


def test_a_lock_whose_answer_was_lost_is_still_granted(items: Items, aws: AwsServer) -> None:
    """Otherwise the message would not be posted."""
    fail(aws, "PutItem", effect=Effect.LOSE_ANSWER)

    assert DynamoLocks(items).once("routes", by="a", every_seconds=3600, now=1000.0)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"effect": Effect.THROTTLE}, "ProvisionedThroughputExceededException"),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
        ({"effect": Effect.ERROR}, "InternalServerError"),
        (
            {"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 400},
            "AccessDeniedException",
        ),
        (
            {"effect": Effect.ERROR, "code": "ResourceNotFoundException", "status": 400},
            "ResourceNotFoundException",
        ),
    ],
)
def test_a_trouble_that_stays_is_one_error_with_dynamodbs_word(
    ledger: DynamoLedger, items: Items, aws: AwsServer, how: dict[str, Any], code: str
) -> None:
    """For each operation, the error names the table and the consequence for the batch."""
    fail(aws, "*", **how, times=None)

    for ask in (
        lambda: ledger.read([KEY]),
        lambda: ledger.write(ALERT),
        lambda: ledger.record_notified([Mark(MEMBER, KEY)], at=5.0),
        lambda: DynamoLocks(items).once("routes", by="a", every_seconds=3600, now=1000.0),
        lambda: ledger.channels(["finding"]),
        lambda: ledger.note_channel(KEY),
        lambda: DynamoRates(items).slot("#a", every_seconds=1, now=5.0, latest=5.0),
        lambda: DynamoRates(items).slow_down("#a", now=1.0, until=5.0, row_seconds=9.0),
        lambda: DynamoRates(items).speed_up("#a"),
    ):
        with pytest.raises(StoreError) as failed:
            ask()

        assert all(word in str(failed.value) for word in (TABLE, code, "tried again"))


class Hesitant:
    """A client that leaves things unprocessed a few times, as DynamoDB does when it is busy."""

    def __init__(self, times: int) -> None:
        """Leave everything unprocessed *times* times."""
        self.left = times
        self.calls = 0

    def batch_get_item(self, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 -- boto3's name
        """Answer with nothing, or at last with no items at all."""
        return {"Responses": {}, "UnprocessedKeys": self._left(RequestItems)}

    def batch_write_item(self, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 -- boto3's name
        """Write nothing, or at last everything."""
        return {"UnprocessedItems": self._left(RequestItems)}

    def _left(self, items: Any) -> Any:
        self.calls += 1
        self.left -= 1
        return items if self.left >= 0 else {}


def hesitate(items: Items, times: int) -> Hesitant:
    """Put a hesitant client in the place of boto3's."""
    items._dynamodb.__dict__["client"] = client = Hesitant(times)
    return client


def test_what_is_left_unprocessed_is_asked_for_again(items: Items, ledger: DynamoLedger) -> None:
    """boto3 does not do that by itself."""
    client = hesitate(items, times=3)

    assert {} == ledger.read([KEY])
    assert 4 == client.calls


def test_what_is_left_unwritten_is_written_again(items: Items) -> None:
    """Neither does it for writes."""
    client = hesitate(items, times=3)

    items.put_all([{"finding": "a", "channel": "b"}])

    assert 4 == client.calls


@pytest.mark.parametrize("verb", ["unread", "unwritten"])
def test_what_is_left_unprocessed_for_ever_is_an_error(
    items: Items, ledger: DynamoLedger, verb: str
) -> None:
    """Taken for missing, or for written, an entry would have its message posted twice."""
    client = hesitate(items, times=MAX_CALLS + 1)

    with pytest.raises(StoreError, match=verb):
        ledger.read([KEY]) if verb == "unread" else items.put_all(
            [{"finding": "a", "channel": "b"}]
        )

    assert MAX_CALLS == client.calls


def test_channels_and_slots_expire_like_alerts(
    ledger: DynamoLedger, items: Items, aws: AwsServer
) -> None:
    """The Ledger forgets by itself."""
    ledger.note_channel(KEY)
    DynamoRates(items).slot("#a", every_seconds=1, now=5.0, latest=5.0)

    assert all("expires_at" in item for item in stored(aws))


@pytest.mark.parametrize(
    "change",
    [
        ("SET severity = :value", {":value": {"S": "TERRIBLE"}}),
        ("REMOVE members", {}),
        ("SET claim = :value", {":value": {"M": {}}}),
    ],
    ids=["unknown", "missing", "empty claim"],
)
def test_an_alert_that_cannot_be_read_hurts_only_itself(
    ledger: DynamoLedger, aws: AwsServer, change: tuple[str, dict[str, Any]]
) -> None:
    """It is neither taken for a new one nor overwritten, and the others are read."""
    other = AlertKey("other", "#alerts")
    ledger.write(ALERT)
    ledger.write(replace(ALERT, key=other))
    expression, values = change
    aws.client("dynamodb").update_item(
        TableName=TABLE,
        Key={"finding": {"S": KEY.subject}, "channel": {"S": KEY.channel}},
        UpdateExpression=expression,
        **({"ExpressionAttributeValues": values} if values else {}),
    )

    before = stored(aws)

    found = ledger.read([KEY, other])

    assert {other} == found.keys()
    assert {KEY} == found.unreadable.keys()
    with pytest.raises(UnreadableError, match="cannot be read"):
        ledger.write(ALERT)
    assert before == stored(aws)


def alerts(count: int, *, version: int = 1) -> list[Alert]:
    """Return so many alerts of as many subjects."""
    return [
        unsaid(key=AlertKey(f"{number:040x}", "#alerts"), version=version)
        for number in range(count)
    ]


def test_many_alerts_are_written_in_one_call(ledger: DynamoLedger, aws: AwsServer) -> None:
    """A claim and its list of channels together, for as many as a transaction may have."""
    several = alerts(ALERTS_AT_ONCE)
    aws.gate.recent.clear()

    written = ledger.write_all(several, note_channels=True)

    assert {each.key for each in several} == written
    assert ["TransactWriteItems"] == [call.operation for call in aws.gate.recent]
    subjects = [each.key.subject for each in several]
    assert {subject: ["#alerts"] for subject in subjects} == ledger.channels(subjects)
    assert {each.key: each for each in several} == ledger.read(written)


def test_one_that_another_worker_wrote_stops_no_other(ledger: DynamoLedger) -> None:
    """A transaction takes all or nothing: it is made again without the one that lost."""
    first, second, third = alerts(3)
    other = replace(second, posted_to="C1")
    ledger.write(other)

    written = ledger.write_all([first, second, third])

    assert {first.key, third.key} == written
    assert other == ledger.read([second.key])[second.key]


def test_a_lost_answer_of_a_transaction_loses_no_claim(
    ledger: DynamoLedger, aws: AwsServer
) -> None:
    """What is stored is what was to be written."""
    several = alerts(3)
    for each in several:
        ledger.write(each)

    assert {each.key for each in several} == ledger.write_all(several)


def test_a_conflict_with_another_worker_is_settled_one_by_one(
    ledger: DynamoLedger, aws: AwsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one transaction at a time changes an item."""
    several = alerts(3)
    transact, refused = DynamoDBBackend.transact_write_items, []

    def conflict(self: DynamoDBBackend, items: list[Any]) -> None:
        if len(items) > 1:
            refused.append(len(items))
            raise TransactionCanceledException(
                [("TransactionConflict", "busy", None)] + [(None, None, None)] * (len(items) - 1)
            )
        transact(self, items)

    monkeypatch.setattr(DynamoDBBackend, "transact_write_items", conflict)

    assert {each.key for each in several} == ledger.write_all(several, note_channels=True)
    assert [6] == refused
    assert {each.key: each for each in several} == ledger.read([each.key for each in several])


def test_many_findings_are_notified_in_one_call(ledger: DynamoLedger, aws: AwsServer) -> None:
    """Those whose alert is gone are left out, and two of one alert follow each other."""
    several = [each.merged([event()]) for each in alerts(3)]
    ledger.write_all(several[:2])
    marks = [Mark(MEMBER, each.key) for each in several]
    aws.gate.recent.clear()

    ledger.record_notified([*marks, Mark("another", several[0].key)], at=5.0)

    stored = ledger.read([each.key for each in several])
    assert [(5.0, True)] * 2 == [
        (each.members[MEMBER].notified_at, each.members[MEMBER].is_notified)
        for each in stored.values()
    ]
    assert {"TransactWriteItems": 2, "UpdateItem": 1} | {"BatchGetItem": 1} == Counter(
        call.operation for call in aws.gate.recent
    )
