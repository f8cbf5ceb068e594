"""CloudWatch alarms, as SNS hands them to the function, and their notices."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from finding_router.delivery.notices import Notice
from finding_router.slack.kit.frame import ENDED_COLOUR, ENDED_SIGN
from finding_router.slack.kit.links import Arn, alarm_url
from finding_router.slack.messages.notice import AMBER, GEAR, Words

# A dead letter may be moved back after a fortnight: until then the alarm counts as told.
TOLD_SECONDS: Final = 15 * 86_400.0
RED: Final = "#B3123B"
_SOURCE: Final = "aws:sns"
_STATES: Final = {
    "ALARM": ("🚨", "went off", RED),
    "OK": (ENDED_SIGN, "is over", ENDED_COLOUR),
    "INSUFFICIENT_DATA": (GEAR, "has too little data", AMBER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """
    One change of state of a CloudWatch alarm.

    *changed_at* is ISO 8601, as CloudWatch writes it. A message on the topic that is from no alarm
    has its subject as *name*, its text as *reason*, and no state.
    """

    name: str
    state: str
    reason: str
    description: str
    changed_at: str
    arn: str
    topic_arn: str
    message_id: str

    @property
    def region(self) -> str:
        """Return the Region of the alarm; "" if neither ARN says it."""
        arn = Arn.read(self.arn) or Arn.read(self.topic_arn)
        return arn.region if arn else ""

    def notice(self) -> Notice:
        """Return the notice for the ops channel, which is told once for each change of state."""
        icon, verb, colour = _STATES.get(self.state, (GEAR, f"is {self.state}", AMBER))
        where = f" in {self.region}" if self.region else ""
        if self.state:
            topic = f"alarm {self.arn or self.name} {self.state} {self.changed_at}"
            headline = f"Alarm “{self.name}” {verb}"
            details = [f"State: {self.state}{where}, since {self.changed_at}", self.reason]
        else:
            topic = f"alarm message {self.message_id}"
            headline = f"Message on the alarm topic{where}: {self.name}"
            details = [self.reason]
        words = Words(
            headline,
            [each for each in details if each],
            icon=icon,
            explanation=self.description,
            links=[("Open in CloudWatch", alarm_url(self.arn) or "")],
            every_seconds=TOLD_SECONDS,
        )
        return Notice(topic=topic, words=words, colour=colour)


def read_alarms(event: object) -> list[Alarm]:
    """Return the alarms in the call of an SNS topic; none if *event* is anything else."""
    match event:
        case {"Records": [_, *_] as records} if all(map(_is_sns_record, records)):
            return [_read(record["Sns"]) for record in records]
    return []


def _is_sns_record(record: object) -> bool:
    match record:
        case {"EventSource": source, "Sns": {"Message": str()}}:
            return bool(source == _SOURCE)
    return False


def _read(sns: Mapping[str, Any]) -> Alarm:
    """Return the alarm in an SNS notification, or the message that it carries instead."""
    topic_arn, message_id = str(sns.get("TopicArn", "")), str(sns.get("MessageId", ""))
    try:
        message = json.loads(sns["Message"])
    except (ValueError, RecursionError):
        message = None
    if isinstance(message, dict) and "AlarmName" in message and "NewStateValue" in message:
        return Alarm(
            name=_text(message, "AlarmName"),
            state=_text(message, "NewStateValue"),
            reason=_text(message, "NewStateReason"),
            description=_text(message, "AlarmDescription"),
            changed_at=_text(message, "StateChangeTime"),
            arn=_text(message, "AlarmArn"),
            topic_arn=topic_arn,
            message_id=message_id,
        )
    return Alarm(
        name=_text(sns, "Subject") or "without a subject",
        state="",
        reason=sns["Message"],
        description="",
        changed_at="",
        arn="",
        topic_arn=topic_arn,
        message_id=message_id,
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return "" if value is None else str(value)
