"""What CloudWatch publishes about an alarm, and how SNS hands it to the function."""

import json
from typing import Any, Final

from hub_events import ACCOUNT

DAY: Final = 86_400.0
ALARM_ARN: Final = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:router-dead-letters"
TOPIC_ARN: Final = f"arn:aws:sns:eu-west-1:{ACCOUNT}:router-AlarmTopic-1"


def state(new: str, *, at: str = "2026-09-21T14:13:20.123+0000", **changes: Any) -> str:
    """Return the message of an alarm that is in a *new* state since *at*."""
    message = {
        "AlarmName": "router-dead-letters",
        "AlarmDescription": "Findings were given up.",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": new,
        "NewStateReason": "Threshold Crossed: 1 datapoint [3.0] was greater than 0.0.",
        "StateChangeTime": at,
        "Region": "EU (Ireland)",
        "AlarmArn": ALARM_ARN,
        "OldStateValue": "OK",
    }
    return json.dumps(message | changes)


def sns_event(*messages: str) -> dict[str, Any]:
    """Return the call of the alarm topic with *messages*; the same text has the same id."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{TOPIC_ARN}:1",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": f"message-{hash(message)}",
                    "TopicArn": TOPIC_ARN,
                    "Subject": "Subject",
                    "Message": message,
                    "Timestamp": "2026-09-21T14:13:20.201Z",
                },
            }
            for message in messages
        ]
    }
