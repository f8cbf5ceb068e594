"""The entry of the function that answers edits takes batches of a table's stream."""

from typing import Any

import pytest

from finding_router.edits import handler
from finding_router.edits.handler import lambda_handler, read_changes
from finding_router.errors import StoreError
from finding_router.handler import read_call

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

ONE = {"kind": {"S": "route"}, "name": {"S": "one"}}


class Context:
    """What Lambda says about a run."""

    function_name = "EditsFunction"
    memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:EditsFunction"
    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


def record(number: int, **images: Any) -> dict[str, Any]:
    """Make a record of the stream."""
    return {
        "eventID": str(number),
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": ONE, "SequenceNumber": str(number), **images},
    }


def test_records_are_changes_in_their_order() -> None:
    """With the items before and after, as plain values."""
    made, changed, gone = read_changes(
        [
            record(1, NewImage={**ONE, "order": {"N": "5"}}),
            record(
                2, OldImage={**ONE, "order": {"N": "5"}}, NewImage={**ONE, "stop": {"BOOL": True}}
            ),
            record(3, OldImage=ONE),
        ]
    )

    assert ("route", "one") == made.key == changed.key == gone.key
    assert made.before is None
    assert {"kind": "route", "name": "one", "order": 5} == made.after == changed.before
    assert {"kind": "route", "name": "one", "stop": True} == changed.after
    assert gone.after is None


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {},
        {"dynamodb": {}},
        {"dynamodb": {"Keys": {"kind": {"S": "note"}, "name": {"S": "x"}}}},
        {"dynamodb": {"Keys": [], "SequenceNumber": 1}},
    ],
)
def test_what_is_no_change_of_an_item_is_left_out(odd: Any) -> None:
    """The others are answered."""
    [change] = read_changes([odd, record(1, NewImage=ONE)])

    assert ("route", "one") == change.key


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": [None]}])
def test_a_batch_without_changes_is_done(event: dict[str, Any]) -> None:
    """Nothing is read for it."""
    assert {"batchItemFailures": []} == lambda_handler(event, Context())


def test_a_batch_that_cannot_be_answered_comes_again_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """From its first record on, so that its message is the same."""

    def down() -> None:
        raise StoreError("DynamoDB does not answer")

    monkeypatch.setattr(handler, "_parts", down)
    records = [record(7, NewImage=ONE), record(8, OldImage=ONE)]

    assert {"batchItemFailures": [{"itemIdentifier": "7"}]} == lambda_handler(
        {"Records": records}, Context()
    )


def test_a_batch_that_was_given_up_is_dropped_by_a_redrive() -> None:
    """Its edits are in force all the same; the router takes no offence at its dead letter."""
    dead = (
        '{"requestContext": {"condition": "RetryAttemptsExhausted"}, "version": "1.0", '
        '"DDBStreamBatchInfo": {"shardId": "shardId-1", "batchSize": 1, "streamArn": "arn:aws:x"}}'
    )

    assert [] == read_call(dead)
    assert read_call('{"requestContext": {}}') is None
