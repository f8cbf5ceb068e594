"""blocks.validate of the Web API, which posts nothing."""

import json
from collections.abc import Mapping
from typing import Any, Final

from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.blocks import problems_of
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import Workspace

_PAYLOADS: Final = ("blocks", "message", "view")
_POINTER: Final = " [json-pointer:"


def validate(_: Workspace, arguments: Arguments) -> dict[str, Any]:
    """
    Check blocks or a message: https://docs.slack.dev/reference/methods/blocks.validate.

    Views are not checked here. A valid payload is answered with nothing.
    """
    given = [name for name in _PAYLOADS if arguments.has(name)]
    if len(given) != 1 or given == ["view"]:
        raise Refusal("invalid_arguments")
    [name] = given
    content = arguments.values[name]
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except ValueError as error:
            raise Refusal("invalid_arguments") from error
    message = {"blocks": content} if name == "blocks" else content
    if not isinstance(message, Mapping):
        raise Refusal("invalid_arguments")
    start = "" if name == "blocks" else "/blocks"
    problems = problems_of(message.get("blocks") or [], start)
    for number, each in enumerate(message.get("attachments") or []):
        problems += problems_of(each.get("blocks") or [], f"/attachments/{number}/blocks")
    if not problems:
        return {}
    return {"error": f"invalid_{name}", "errors": [_error(each) for each in problems]}


def _error(problem: str) -> dict[str, str]:
    words, _, pointer = problem.partition(_POINTER)
    return {
        "pointer": pointer.removesuffix("]"),
        "code": "failed_constraint",
        "message": words,
    }
