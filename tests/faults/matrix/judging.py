"""The conditions at the end of every cell: nothing lost, nothing twice, NOTIFIED if posted."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from faults.matrix.cells import Cell
from faults.matrix.scenes import CHANNEL, PRODUCT_ARN, id_of, title_of
from faults.matrix.troubles import (
    CHANNEL_FAMILY,
    FINAL_CODES,
    GONE_FAMILY,
    KILLED_FAMILY,
)
from finding_router.aws.keys import ABOUT, COUNT
from finding_router.delivery.alerts.identity import finding_hash, hash_of
from finding_router.delivery.posting.once import ONCE_REMINDED
from finding_router.slack.api.refusals import MAYBE_CHANNEL_CODES
from finding_router.slack.kit.refused import refusal_of
from finding_router_local.slack.workspace import PostedMessage
from finding_router_local.stack import PARAMETERS, Stack
from finding_router_local.tables import Table

_DEFAULT_CHANNEL: Final = str(PARAMETERS["DefaultChannel"])
_OPS_CHANNEL: Final = str(PARAMETERS["OpsChannel"])
_ENDED: Final = re.compile(r"archived|resolved|passed", re.IGNORECASE)
_COUNT: Final = re.compile(r"^\W+(\d+) (?:findings?\b|×|vulnerabilit)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Digest:
    """One digest: its state in the Ledger, and its messages in Slack."""

    name: str
    is_posted: bool
    about: Mapping[str, Any] | None
    lines: Sequence[Mapping[str, Any]]
    parents: Sequence[PostedMessage]
    replies: Sequence[PostedMessage]

    @property
    def is_told(self) -> bool:
        """Return True if a message about it was posted."""
        return self.is_posted or bool(self.parents or self.lines)


def explain_dead_letters(stack: Stack, cell: Cell, dead: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return *dead* letters without a log line, and NOTIFIED findings without a message."""
    # A finding that ended well is a dead letter only because SQS would not delete it.
    explained = {
        line.get("finding_id")
        for line in _log_lines(stack)
        if line.get("message") == "finding" and (line["detail"] or line["outcome"] != "failed")
    }
    problems = [
        f"nothing explains the dead letter of {finding_id}"
        for event in dead
        for finding_id in map(_id_in, event["detail"]["findings"])
        if finding_id not in explained
    ]
    parents = {each.ts for digest in _digests(stack) for each in digest.parents}
    said = [each for each in stack.slack.messages() if each.ts not in parents]
    for each in stack.findings():
        if each["Workflow"]["Status"] != "NOTIFIED":
            continue
        for channel in cell.scene.channels:
            texts = (_text(message) for message in said if _place(stack, cell, message) == channel)
            if not any(each["Title"] in text for text in texts):
                problems.append(f"{each['Id']} is NOTIFIED and was never said in {channel}")
    return problems


def _id_in(finding: Mapping[str, Any]) -> str:
    """Return the id of a finding in either form."""
    return str(finding["Id"] if "Id" in finding else finding["finding_info"]["uid"])


def problems_of(stack: Stack, cell: Cell) -> tuple[list[str], int]:
    """Return the problems, and how many messages are posted twice as an allowed exception."""
    problems: list[str] = []
    twice = _messages_twice(stack)
    if twice > cell.most_twice:
        problems.append(f"{twice} messages twice")
    digests = _digests(stack)
    problems += _said_problems(stack, cell, digests, exception=min(twice, cell.most_twice))
    problems += _place_problems(stack, cell)
    problems += _status_problems(stack, cell)
    problems += _ledger_problems(stack, cell)
    problems += _digest_problems(cell, digests)
    if cell.scene.ended:
        problems += _end_problems(stack, cell, digests)
    return problems, twice


def _said_problems(
    stack: Stack, cell: Cell, digests: Sequence[_Digest], *, exception: int
) -> list[str]:
    """Check that each channel has each finding as often as expected, in messages and lists."""
    problems = []
    parents = {each.ts for digest in digests for each in digest.parents}
    lists = {each.ts for digest in digests for each in digest.replies}
    more = exception + _says_end_in_thread(cell)
    for channel in cell.scene.channels:
        messages = [
            each
            for each in stack.slack.messages()
            if each.ts not in parents and _place(stack, cell, each) == channel
        ]
        for number in sorted(cell.scene.numbers):
            telling = [each.ts for each in messages if title_of(number) in _text(each)]
            listed = sum(ts in lists for ts in telling)
            said, must = len(telling) - listed, cell.scene.said.get(number, 0)
            if _may_come_late(cell, number) and not listed:
                # In a digest of its own, since the burst was over; a critical finding has its card
                # anyway.
                said, listed = said - (number not in cell.scene.said), 1
            if not must <= said <= must + more:
                problems.append(f"{channel} says {id_of(number)} {said} times, not {must}")
            must = int(number in cell.scene.listed)
            if not must <= listed <= must + more:
                problems.append(f"{channel} lists {id_of(number)} {listed} times, not {must}")
    return problems


def _place_problems(stack: Stack, cell: Cell) -> list[str]:
    """Check that messages are only where routes lead, and those of a dead channel elsewhere."""
    problems = []
    known = {*cell.scene.channels, _OPS_CHANNEL}
    for each in stack.slack.messages():
        place = _place(stack, cell, each)
        if place not in known:
            problems.append(f"{place} says: {each.text[:60]}")
    if cell.trouble.is_about_channel and cell.site.step.name == "post":
        told = stack.slack.messages(_DEFAULT_CHANNEL)
        if not any(_is_redirected(cell, each) for each in told):
            problems.append(f"{_DEFAULT_CHANNEL} does not say what {cell.site.channel} refused")
    return problems


def _place(stack: Stack, cell: Cell, message: PostedMessage) -> str:
    """Return the channel that *message* is for: with a banner, the refused one."""
    channel = f"#{message.channel_name}"
    if channel != _DEFAULT_CHANNEL or not cell.trouble.is_about_channel:
        return channel
    top = next(
        (each for each in stack.slack.messages(channel) if each.ts == message.thread_ts), message
    )
    return cell.site.channel if _is_redirected(cell, top) else channel


def _is_redirected(cell: Cell, message: PostedMessage) -> bool:
    clause = refusal_of(cell.trouble.slack["error"]).clause
    return f"*For {cell.site.channel}*, {clause}" in _text(message)


def _status_problems(stack: Stack, cell: Cell) -> list[str]:
    problems = []
    refused = _refused(stack, cell)
    for number in cell.scene.notified:
        status = stack.workflow_status(PRODUCT_ARN, id_of(number))
        if status != "NOTIFIED" and id_of(number) not in refused:
            problems.append(f"{id_of(number)} is {status}")
    for number in cell.scene.in_progress:
        status = stack.aws.security_hub.v2.status(PRODUCT_ARN, id_of(number))
        if status != "In Progress" and id_of(number) not in refused:
            problems.append(f"{id_of(number)} is {status} in V2")
    return problems


def _refused(stack: Stack, cell: Cell) -> set[str]:
    """Return the findings that the log reports as never to be marked in Security Hub."""
    if cell.trouble.code not in FINAL_CODES:
        return set()
    return {
        str(line["finding_id"])
        for line in _log_lines(stack)
        if line.get("message") == "finding not marked"
    }


def _ledger_problems(stack: Stack, cell: Cell) -> list[str]:
    """Nothing is left half done."""
    alerts = [item for item in _ledger(stack) if item.get("family") == "alert"]
    problems = [f"an alert is {item['state']}" for item in alerts if item["state"] != "posted"]
    refused = {finding_hash(PRODUCT_ARN, id_) for id_ in _refused(stack, cell)}
    for name, member in (each for item in alerts for each in item["members"].items()):
        is_marked = member["status"] == "ended" or member["is_notified"]
        if not is_marked and name not in refused:
            problems.append("an alert does not remember NOTIFIED")
    return problems


def _digest_problems(cell: Cell, digests: Sequence[_Digest]) -> list[str]:
    """Compare the lists: in the Ledger, in the thread, and in the totals of the parent."""
    problems = []
    numbers = {finding_hash(PRODUCT_ARN, id_of(each)): each for each in cell.scene.numbers}
    every: list[int] = []
    for digest in digests:
        lines = sorted(numbers[each["channel"]] for each in digest.lines)
        every += lines
        texts = [_text(each) for each in digest.replies]
        replies = [each for each in sorted(cell.scene.numbers) if _tells(each, texts)]
        if lines != replies:
            problems.append(f"a digest has the lines {lines}, its thread {replies}")
        if not digest.is_told:
            continue
        if digest.about is None:
            problems.append("nothing is known about a digest that was posted")
        elif not _is_refused_update(cell):
            problems += _total_problems(digest, digest.about)
    missing = cell.scene.listed.difference(every)
    is_whole = all(_may_come_late(cell, each) for each in missing)
    if len(every) != len(set(every)) or not cell.scene.listed.issuperset(every) or not is_whole:
        problems.append(f"the digests' lines are {sorted(every)}")
    return problems


def _may_come_late(cell: Cell, number: int) -> bool:
    """
    Return True if it may be missing in a digest: it may come when the burst is over.

    The messages of a killed worker become visible again one by one, and may come in several
    batches. Findings that a channel refuses are grouped anew, with others for the default channel.
    """
    is_apart = cell.lasts or cell.trouble.family == KILLED_FAMILY or cell.trouble.is_about_channel
    return is_apart and number in cell.scene.listed


def _tells(number: int, texts: Sequence[str]) -> bool:
    return any(title_of(number) in text for text in texts)


def _total_problems(digest: _Digest, about: Mapping[str, Any]) -> list[str]:
    parent = next((each for each in digest.parents if each.ts == about["ts"]), None)
    if parent is None:
        return ["the parent of a digest is not there"]
    if sum(map(int, _COUNT.findall(parent.text))) != len(digest.lines):
        return [f"a digest of {len(digest.lines)} says: {parent.text[:60]}"]
    return []


def _end_problems(stack: Stack, cell: Cell, digests: Sequence[_Digest]) -> list[str]:
    """Check that findings that are over say so: on the card, in the thread, or in the digest."""
    if cell.scene.listed:
        ended = sum(bool(each.get("is_ended")) for digest in digests for each in digest.lines)
        if ended != len(cell.scene.ended):
            return [f"{ended} of the digest's lines are ended"]
        said = f"{ended} resolved"
        shows = any(said in _text(each) for digest in digests for each in digest.parents)
        return [] if shows or _is_refused_update(cell) else [f"the digest does not say {said}"]
    if cell.trouble.is_about_channel:
        # A card in a channel that is gone cannot be seen.
        return []
    texts = [each.text for each in stack.slack.messages(CHANNEL)]
    if any(_ENDED.search(text) for text in texts):
        return []
    return ["the card does not say that it is over"]


def _says_end_in_thread(cell: Cell) -> bool:
    """Return True if the end may be an answer: where the card cannot be changed any more."""
    return bool(cell.scene.ended) and cell.trouble.family == GONE_FAMILY


def _is_refused_update(cell: Cell) -> bool:
    """
    Return True if the parent cannot be updated: only the list is right then.

    An error that may concern one channel, while the token is good, counts as one of the channel.
    """
    if cell.site.step.name != "update":
        return False
    is_of_channel = cell.lasts and cell.trouble.slack.get("error") in MAYBE_CHANNEL_CODES
    return is_of_channel or cell.trouble.family in {CHANNEL_FAMILY, GONE_FAMILY}


def _text(message: PostedMessage) -> str:
    return json.dumps([message.text, message.blocks, message.attachments], ensure_ascii=False)


def _messages_twice(stack: Stack) -> int:
    """
    Count the messages that are posted once more, as a whole or in parts.

    The findings of one list may come back in several batches: each repeats its part.
    """
    said = [_ids(each) for each in stack.slack.messages()]
    times = Counter(name for ids in said for name in ids)
    seen = set[str]()
    twice = 0
    for ids in said:
        twice += max((times[name] - 1 for name in ids if name not in seen), default=0)
        seen.update(ids)
    return twice


def _ids(message: PostedMessage) -> list[str]:
    return list((message.metadata or {}).get("event_payload", {}).get("delivery_ids", ()))


def _digests(stack: Stack) -> list[_Digest]:
    """Return all digests that were ever begun: their numbers count up."""
    items, messages = _ledger(stack), stack.slack.messages()
    digests = []
    for opened in (each for each in items if each["channel"] == "open"):
        if str(opened["name"]).startswith(f"{ONCE_REMINDED}#"):
            # It lists nothing: it is a message like a card.
            continue
        for number in range(1, int(opened["number"]) + 1):
            name = hash_of(["digest", opened["name"], number])
            own = {each["channel"]: each for each in items if each["finding"] == f"lines#{name}"}
            parents = [each for each in messages if name in _ids(each)]
            places = {(each.channel, each.ts) for each in parents}
            digests.append(
                _Digest(
                    name=name,
                    is_posted=number == opened["number"] and opened["state"] == "posted",
                    about=own.get(ABOUT),
                    lines=[own[each] for each in own.keys() - {ABOUT, COUNT}],
                    parents=parents,
                    replies=[each for each in messages if (each.channel, each.thread_ts) in places],
                )
            )
    return digests


def _ledger(stack: Stack) -> list[dict[str, Any]]:
    return Table(stack.aws, stack.deployment.tables["Ledger"]).items()


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
