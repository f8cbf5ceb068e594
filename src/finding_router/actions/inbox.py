"""The queue of presses, and what keeps a press from being taken twice."""

import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.config import Config

from finding_router.actions.press import Press
from finding_router.aws import keys
from finding_router.aws.attributes import from_item, to_item
from finding_router.aws.clients import AWS_ERRORS, CONFIG, error_code, make_client
from finding_router.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

# Slack waits three seconds in all.
_CONFIG: Final = CONFIG.merge(
    Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2})
)
# A request is refused once it is five minutes old, or five minutes ahead.
REPLAY_SECONDS: Final = 600
_TEAM_SECONDS: Final = 90 * 86_400
_TAKEN: Final = "ConditionalCheckFailedException"


class Inbox:
    """The presses of the last minutes in the Ledger, and the queue of the worker."""

    def __init__(
        self, *, table: str, queue_url: str, clock: Callable[[], float] = time.time
    ) -> None:
        """Make the clients at once: it is done before the first request comes."""
        self._table = table
        self._queue_url = queue_url
        self._clock = clock
        self._table_client: DynamoDBClient = make_client("dynamodb", _CONFIG)
        self._queue_client: SQSClient = make_client("sqs", _CONFIG)

    def is_new(self, id_: str) -> bool:
        """
        Return True for the first request with this id, and False for a replay of it.

        Raises:
            StoreError: DynamoDB did not say.

        """
        # The client tries again after a lost answer, and then finds the item of its first try.
        item = {
            **keys.named(keys.press(id_)),
            "shape": keys.SHAPE,
            "written_by": uuid.uuid4().hex,
            "expires_at": int(self._clock()) + REPLAY_SECONDS,
        }
        try:
            self._table_client.put_item(
                TableName=self._table,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(finding)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AWS_ERRORS as error:
            if error_code(error) == _TAKEN:
                known = from_item(getattr(error, "response", {}).get("Item") or {})
                return known.get("written_by") == item["written_by"]
            raise _store_error("write a press", error_code(error)) from error
        return True

    def put(self, press: Press) -> None:
        """
        Hand *press* over to the worker.

        Raises:
            StoreError: SQS did not take it.

        """
        try:
            # Of SQS's calls, the layer has those for batches alone.
            answer = self._queue_client.send_message_batch(
                QueueUrl=self._queue_url, Entries=[{"Id": "0", "MessageBody": press.to_body()}]
            )
        except AWS_ERRORS as error:
            raise _store_error("queue a press", error_code(error)) from error
        for failed in answer.get("Failed", []):
            raise _store_error("queue a press", failed["Code"])

    def team(self) -> str:
        """
        Return the workspace of the app as it was kept; "" if it was not.

        Raises:
            StoreError: DynamoDB did not say.

        """
        try:
            answer = self._table_client.batch_get_item(
                RequestItems={self._table: {"Keys": [to_item(keys.named(keys.workspace()))]}}
            )
        except AWS_ERRORS as error:
            raise _store_error("read the workspace", error_code(error)) from error
        found = answer["Responses"].get(self._table, [])
        return str(from_item(found[0]).get("team", "")) if found else ""

    def keep_team(self, team: str) -> None:
        """
        Keep the workspace of the app.

        Raises:
            StoreError: DynamoDB did not take it.

        """
        item = {
            **keys.named(keys.workspace()),
            "shape": keys.SHAPE,
            "team": team,
            "expires_at": int(self._clock()) + _TEAM_SECONDS,
        }
        try:
            self._table_client.put_item(TableName=self._table, Item=to_item(item))
        except AWS_ERRORS as error:
            raise _store_error("write the workspace", error_code(error)) from error


def _store_error(verb: str, code: str) -> StoreError:
    return StoreError(f"cannot {verb}, {code} from AWS; it has to be pressed again")
