"""Looks after a while whether Security Hub kept the status that a person set."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass
from typing import Any, Final

from finding_router.actions import compact
from finding_router.actions.worker.cases import Cases, shown_anew
from finding_router.actions.worker.notes import as_set, set_status
from finding_router.actions.worker.parts import Parts
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Asked
from finding_router.delivery.alerts.identity import AlertKey, hash_of
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.people import Raw
from finding_router.findings.ocsf import in_asff
from finding_router.findings.reading import text_at
from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import person
from finding_router.slack.kit.text import Mrkdwn, unmarked, words
from finding_router.telemetry import logger

# Within which the event of a status comes; also the longest delay of a message of SQS.
CHECK_SECONDS: Final = 900.0
_PUSH_CHARS: Final = 200
_KIND: Final = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    A look at the alert *key*, of which somebody asked a status at the Unix second *asked_at*.

    *is_again* after the status was set once more.
    """

    key: AlertKey
    asked_at: float
    is_again: bool = False

    def to_body(self) -> str:
        """Return the body of its message in the queue."""
        values = {
            "v": 1,
            "kind": _KIND,
            "subject": self.key.subject,
            "channel": self.key.channel,
            "asked_at": self.asked_at,
            "again": self.is_again,
        }
        return compact.written(values)

    @classmethod
    def of_body(cls, body: object) -> "Check | None":
        """Return the check in *body*; None if this version did not write it."""
        match compact.read(body):
            case {
                "v": 1,
                "kind": "check",
                "subject": str(subject),
                "channel": str(channel),
                "asked_at": int() | float() as asked_at,
                **rest,
            }:
                key = AlertKey(subject, channel)
                return cls(key=key, asked_at=asked_at, is_again=rest.get("again") is True)
        return None


def look(parts: Parts, cases: Cases, check: Check, deadline: Deadline) -> None:
    """
    Confirm the status that *check* is about, set it once more, or say that it was not kept.

    Raises:
        AgainError: A run of the router is at the alert; it is looked at again.
        RouterError: AWS or Slack does not answer.

    """
    alert = cases.read([check.key]).get(check.key)
    asked = alert.care.asked if alert is not None else None
    if alert is None or asked is None or asked.by.at != check.asked_at or asked.is_confirmed:
        return
    now = cases.now([alert])
    wrong = {
        form: {key: raw for key, raw in found.items() if not _is_kept(raw, asked)}
        for form, found in now.findings.items()
    }
    about: dict[str, Any] = {"subject": check.key.subject, "channel": check.key.channel}
    if not any(wrong.values()):
        alerts = cases.change([check.key], lambda each: _confirmed(each, asked))
        if any(each.is_card_stale for each in alerts.values()):
            cases.show(alerts, now)
        logger.info("status kept", status=asked.status.value, **about)
        return
    if not check.is_again:
        done = set_status(parts.hubs, wrong, asked, deadline=deadline)
        logger.warning("status set again", status=asked.status.value, codes=done.refused, **about)
        body = replace(check, is_again=True).to_body()
        parts.later.send_later(body, seconds=CHECK_SECONDS, deadline=deadline)
        alerts = cases.change([check.key], shown_anew)
        shown = as_set(parts.hubs, now.findings, done, asked.status)
        cases.show(alerts, replace(now, findings=shown))
        return
    logger.error("status not kept", status=asked.status.value, **about)
    _say(parts, alert, asked, wrong, deadline)
    alerts = cases.change([check.key], lambda each: taken_back(each, asked, at=parts.clock()))
    cases.show(alerts, now)


def _is_kept(raw: Raw, asked: Asked) -> bool:
    """Return True if *raw* has the status, or ended in another way than by a status."""
    seen = in_asff(raw)
    if text_at(seen, "RecordState") == "ARCHIVED":
        return True
    if text_at(seen, "Compliance", "Status") == "PASSED":
        return True
    return text_at(seen, "Workflow", "Status") == asked.status.value


def _confirmed(alert: Alert, asked: Asked) -> Alert:
    known = alert.care.asked
    if known is None or known.by != asked.by or known.is_confirmed:
        return alert
    care = replace(alert.care, asked=replace(known, is_confirmed=True))
    return replace(alert, version=alert.version + 1, care=care)


def taken_back(alert: Alert, asked: Asked, *, at: float) -> Alert:
    """Return *alert* without *asked*, unless it has another request by now."""
    known = alert.care.asked
    if known is None or known.by != asked.by:
        return alert
    return alert.cared_for(replace(alert.care, asked=None), at=at)


def _say(
    parts: Parts,
    alert: Alert,
    asked: Asked,
    wrong: Mapping[Any, Mapping[Any, Raw]],
    deadline: Deadline,
) -> None:
    """Post once in the thread of the card that the status was not kept."""
    if alert.ts is None or alert.posted_to is None:
        return
    name = hash_of(["status not kept", alert.key.subject, alert.key.channel, asked.by.at])
    seconds = deadline.for_slack()
    found = parts.slack.find(
        alert.posted_to, [name], since=asked.by.at, thread_ts=alert.ts, seconds=seconds
    )
    if found.messages:
        return
    statuses = {
        text_at(in_asff(raw), "Workflow", "Status") or "NEW"
        for form in wrong.values()
        for raw in form.values()
    }
    text = Mrkdwn(
        f"⚠️ Security Hub did not keep the status {asked.status} that {person(asked.by.id)} set: "
        f"it has {words(', '.join(sorted(statuses)), _PUSH_CHARS)}, also after a second try. The "
        "finding counts as open again."
    )
    message = Message(text=unmarked(text, _PUSH_CHARS), blocks=[blocks.section(text)])
    parts.slack.post(
        alert.posted_to, message, delivery_ids=[name], thread_ts=alert.ts, seconds=seconds
    )
