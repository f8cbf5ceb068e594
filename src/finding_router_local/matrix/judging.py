"""What must hold at the end of every cell: nothing lost, nothing twice, NOTIFIED where said."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from finding_router.aws.digest_book import ABOUT, COUNT
from finding_router.delivery.ledger import digest_of
from finding_router_local.matrix.cells import Cell
from finding_router_local.matrix.scenes import CHANNEL, PRODUCT_ARN, id_of, title_of
from finding_router_local.slack.workspace import PostedMessage
from finding_router_local.stack import PARAMETERS, Stack
from finding_router_local.tables import Table

_OPS: Final = str(PARAMETERS["OpsChannel"]).removeprefix("#")
_ENDED: Final = re.compile(r"archived|resolved|passed", re.IGNORECASE)
_COUNT: Final = re.compile(r"(\d+) new findings?")
_PART: Final = re.compile(r"(\d+) (?:CRITICAL|HIGH|resolved)")


def explain_dead_letters(stack: Stack, dead: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which of *dead* no log line explains, and which are NOTIFIED without being said."""
    # What ended well is a dead letter only because SQS would not delete it.
    explained = {
        line.get("finding_id")
        for line in _log_lines(stack)
        if line.get("message") == "finding" and (line["detail"] or line["outcome"] != "failed")
    }
    problems = [
        f"nothing explains the dead letter of {finding['Id']}"
        for event in dead
        for finding in event["detail"]["findings"]
        if finding["Id"] not in explained
    ]
    said = _said(stack)
    for each in stack.findings():
        is_notified = each["Workflow"]["Status"] == "NOTIFIED"
        if is_notified and not any(each["Title"] in text for text in said):
            problems.append(f"{each['Id']} is NOTIFIED and was never said")
    return problems


def problems_of(stack: Stack, cell: Cell) -> tuple[list[str], int]:
    """Give what is not as it must be, and how many messages there are too many by exception."""
    problems: list[str] = []
    twice = _messages_twice(stack)
    if twice > (0 if cell.with_history else 1):
        problems.append(f"{twice} messages twice")
    problems += _said_problems(stack, cell, exception=twice)
    problems += _status_problems(stack, cell)
    problems += _ledger_problems(stack, cell)
    if cell.scene.ended:
        problems += _end_problems(stack, cell)
    return problems, twice


def _said_problems(stack: Stack, cell: Cell, *, exception: int) -> list[str]:
    """Each finding is told as often as its scene says, by cards, answers and lists."""
    problems = []
    texts = _said(stack)
    for number, expected in cell.scene.said.items():
        count = sum(title_of(number) in text for text in texts)
        # A critical finding of a burst has its card, and is listed besides.
        most = expected + (number == 7) + exception  # noqa: PLR2004 -- see scenes.py
        if _says_end_in_thread(cell):
            most += 1
        if not expected <= count <= most:
            problems.append(f"{id_of(number)} is told {count} times, not {expected}")
    return problems


def _status_problems(stack: Stack, cell: Cell) -> list[str]:
    problems = []
    refused = {
        line.get("finding_id")
        for line in _log_lines(stack)
        if line.get("message") == "finding not marked"
    }
    for number in cell.scene.notified:
        status = stack.workflow_status(PRODUCT_ARN, id_of(number))
        if status == "NOTIFIED":
            continue
        if not (cell.trouble.is_final and id_of(number) in refused):
            problems.append(f"{id_of(number)} is {status}")
    return problems


def _ledger_problems(stack: Stack, cell: Cell) -> list[str]:
    """Nothing is left half done, and digests add up."""
    items = _ledger(stack)
    entries = [item for item in items if "members" in item]
    problems = [f"an entry is {item['state']}" for item in entries if item["state"] != "posted"]
    for member in (each for item in entries for each in item["members"].values()):
        is_marked = "ended_at" in member or "notified_at" in member
        if not is_marked and not cell.trouble.is_final:
            problems.append("an entry does not remember NOTIFIED")
    for item in items:
        if item["channel"] == ABOUT and not _is_refused_update(cell):
            problems += _total_problems(stack, item, items)
    return problems


def _total_problems(
    stack: Stack, about: Mapping[str, Any], items: Sequence[Mapping[str, Any]]
) -> list[str]:
    lines = [
        item
        for item in items
        if item["finding"] == about["finding"] and item["channel"] not in {ABOUT, COUNT}
    ]
    parent = next((each for each in stack.slack.messages() if each.ts == about["ts"]), None)
    if parent is None:
        return ["the parent of a digest is not there"]
    # One that was waited for only says how many there are of each severity.
    counts = _COUNT.findall(parent.text) or _PART.findall(parent.text)
    if sum(map(int, counts)) != len(lines):
        return [f"a digest of {len(lines)} says: {parent.text[:60]}"]
    return []


def _end_problems(stack: Stack, cell: Cell) -> list[str]:
    """Look whether what is over says so: on its card, in its thread, or in its digest's list."""
    if cell.scene.name == "end in digest":
        lines = [item for item in _ledger(stack) if item["finding"].startswith("lines#")]
        ended = [item for item in lines if item.get("is_ended")]
        return [] if len(ended) == len(cell.scene.ended) else ["the digest's line is not ended"]
    if cell.trouble.is_about_channel:
        # Nobody sees a card in a channel that is gone.
        return []
    texts = [each.text for each in stack.slack.messages(CHANNEL)]
    if any(_ENDED.search(text) for text in texts):
        return []
    return ["the card does not say that it is over"]


def _says_end_in_thread(cell: Cell) -> bool:
    """Tell whether the end may be an answer: where the card cannot be changed any more."""
    return bool(cell.scene.ended) and cell.trouble.family == "the message is gone"


def _is_refused_update(cell: Cell) -> bool:
    """Tell whether Slack lets nobody change the parent: only the list is right then."""
    return cell.site.step.name == "update" and cell.trouble.family in {
        "Slack refuses the channel",
        "Slack refuses the message",
        "the message is gone",
    }


def _said(stack: Stack) -> list[str]:
    """Give the messages about findings, without the parents of digests, as text."""
    digests = _digest_ids(stack)
    return [
        json.dumps([each.text, each.blocks, each.attachments], ensure_ascii=False)
        for each in stack.slack.messages()
        if each.channel_name != _OPS and not digests & set(_ids(each))
    ]


def _messages_twice(stack: Stack) -> int:
    """Count the messages that say something which one before them has said."""
    twice, before = 0, set[str]()
    for ids in map(_ids, stack.slack.messages()):
        twice += not before.isdisjoint(ids)
        before.update(ids)
    return twice


def _ids(message: PostedMessage) -> list[str]:
    return list((message.metadata or {}).get("event_payload", {}).get("delivery_ids", ()))


def _digest_ids(stack: Stack) -> set[str]:
    """Give the ids of all digests that were ever begun: their numbers count up."""
    return {
        digest_of(["digest", item["name"], number])
        for item in _ledger(stack)
        if item["channel"] == "open"
        for number in range(1, int(item["number"]) + 1)
    }


def _ledger(stack: Stack) -> list[dict[str, Any]]:
    return Table(stack.aws.client("dynamodb"), stack.deployment.tables["Ledger"]).items()


def _log_lines(stack: Stack) -> list[dict[str, Any]]:
    lines = []
    for text in stack.journal.log:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines
