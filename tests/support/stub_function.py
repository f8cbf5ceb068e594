"""Functions for the local stack's tests, with instructions in the records' bodies."""

import json
import os
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    """Treat each record as its body says; log it as the router does."""
    failures = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        match order.get("do", "post"):
            case "raise":
                raise ValueError("asked for")
            case "exit":
                os._exit(3)
            case "sleep":
                time.sleep(order["seconds"])
            case "fail":
                failures.append({"itemIdentifier": record["messageId"]})
            case "name another":
                failures.append({"itemIdentifier": "nobody"})
        log(record, context, outcome="posted")
    return {"batchItemFailures": failures}


def environment(event: dict[str, Any], context: Any) -> Any:
    """Return the function's environment and context."""
    return {
        "environment": dict(os.environ),
        "name": context.function_name,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "time": time.time(),
        "pid": os.getpid(),
    }


def log(record: Any, context: Any, **fields: Any) -> None:
    """Log a line about a record."""
    line = {"message": "finding", "record_id": record["messageId"], **fields}
    print(json.dumps(line | {"request_id": context.aws_request_id}))  # noqa: T201 -- as a function logs


def not_json(event: dict[str, Any], context: Any) -> Any:
    """Return an answer that JSON cannot encode."""
    return {"set": {1, 2}}
