"""
The forms of resolve, suppress and snooze: how they are laid out, and what may be filled in.

Limits: https://docs.slack.dev/reference/views/modal-views, and the page of each element there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from finding_router.actions import compact
from finding_router.actions.payload import Click, Place, Submission
from finding_router.actions.press import REASON_CHARS
from finding_router.slack.kit.buttons import RESOLVE, SNOOZE, SUPPRESS, plain_text

TITLE_CHARS: Final = 24
METADATA_CHARS: Final = 3_000
_TEXT_CHARS: Final = 300
_MORNING: Final = time(9)
# Silences that no one remembers hide what is new.
MOST_DAYS: Final = 366
REASON: Final = "reason"
SCOPE: Final = "scope"
ALWAYS: Final = "always"
FOR: Final = "for"
DATE: Final = "date"

_SCOPES: Final = {
    "finding": "This finding",
    "resource": "This control, or type, on this resource",
    "account": "This control, or type, in this account",
}
_ALWAYS: Final = {
    "no": "No: only what is there now",
    "silence": "Yes, by a silence: what comes is held, and listed when it ends",
    "drop": "Yes, by a route that drops: what comes is never posted",
}
_FOR: Final = {
    "1h": "1 hour",
    "4h": "4 hours",
    "tomorrow": "Until tomorrow, 9:00",
    "monday": "Until next Monday, 9:00",
    "date": "Until a date, 9:00",
}
_HOURS: Final = {"1h": 1, "4h": 4}
_ON_THE_RESOURCE: Final = {name: _SCOPES[name] for name in ("finding", "resource")}


@dataclass(frozen=True, slots=True)
class _Form:
    """A form's title and submit button, and its choices by block, with their labels."""

    title: str
    submit: str
    choices: Mapping[str, tuple[str, Mapping[str, str]]]
    hint: str


_FORMS: Final[Mapping[str, _Form]] = {
    RESOLVE: _Form(
        "Resolve",
        "Resolve",
        {SCOPE: ("What is resolved?", _SCOPES)},
        "It becomes the note of the finding in Security Hub, with your name.",
    ),
    SUPPRESS: _Form(
        "Suppress",
        "Suppress",
        {
            SCOPE: ("What is suppressed?", _SCOPES),
            ALWAYS: ("Also what comes later?", _ALWAYS),
        },
        "It becomes the note of the finding in Security Hub, with your name.",
    ),
    SNOOZE: _Form(
        "Snooze",
        "Snooze",
        {FOR: ("For how long?", _FOR), SCOPE: ("What is snoozed?", _ON_THE_RESOURCE)},
        "It becomes the reason of the silence, with your name.",
    ),
}
# Choices that are made unless another is.
_FIRST: Final = {SCOPE: "finding", ALWAYS: "no"}
MODALS: Final = frozenset(_FORMS)


class FormError(Exception):
    """Values of a form that cannot be taken: a sentence for each block that is wrong."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        """Keep the *sentences*, which say what would be right."""
        super().__init__("; ".join(sentences.values()))
        self.sentences = sentences


def modal(click: Click) -> dict[str, Any]:
    """Return the form of the button that was pressed."""
    form = _FORMS[click.action]
    shown = click.text.strip()[:_TEXT_CHARS]
    # The text of a finding: it is shown as it is, without emoji.
    about = [{"type": "section", "text": {**plain_text(shown), "emoji": False}}] if shown else []
    return {
        "type": "modal",
        "callback_id": click.action,
        "title": plain_text(form.title),
        "submit": plain_text(form.submit),
        "close": plain_text("Cancel"),
        "private_metadata": _metadata(click),
        "blocks": [*about, *_inputs(click.action, form)],
    }


def read_place(metadata: str) -> tuple[str, Place] | None:
    """Return the reference and the place that a form was opened with; None if they are lost."""
    match compact.read(metadata):
        case {
            "ref": str(ref),
            "channel": str(channel),
            "ts": str(ts),
            "thread_ts": str() | None as thread_ts,
            "response_url": str(url),
        }:
            return ref, Place(channel=channel, ts=ts, thread_ts=thread_ts, response_url=url)
    return None


def read_form(
    submission: Submission, *, now: float, zone: Callable[[], tzinfo]
) -> dict[str, Any] | None:
    """
    Return what was filled in, as the worker takes it; None for a form that is not the router's.

    *zone* is the person's, and is only asked for a time of the day.

    Raises:
        FormError: Something is missing or wrong.

    """
    form = _FORMS.get(submission.action)
    if form is None:
        return None
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {}
    for block, (_, options) in form.choices.items():
        chosen = _chosen(submission.values, block)
        if chosen not in options:
            wrong[block] = "Choose one of these."
        values[block] = chosen
    reason = " ".join(_written(submission.values, REASON, "value").split())
    if not reason:
        wrong[REASON] = "Write why, in a few words: others read it when you are not there."
    elif len(reason) > REASON_CHARS:
        wrong[REASON] = f"Write at most {REASON_CHARS} characters; these are {len(reason)}."
    values[REASON] = reason
    if submission.action == SNOOZE and FOR not in wrong:
        picked = _written(submission.values, DATE, "selected_date")
        try:
            values |= _times(values[FOR], picked, now=now, zone=zone)
        except FormError as error:
            wrong |= error.sentences
    if wrong:
        raise FormError(wrong)
    return values


def _times(
    choice: str, picked: str, *, now: float, zone: Callable[[], tzinfo]
) -> dict[str, str | int | None]:
    """Return the date that was chosen, and the Unix second at which the silence ends."""
    if picked and choice != DATE:
        raise FormError({DATE: f"Choose “{_FOR[DATE]}” above for this date to count."})
    if hours := _HOURS.get(choice):
        return {DATE: None, "until": int(now) + hours * 3_600}
    local = zone()
    today = datetime.fromtimestamp(now, UTC).astimezone(local).date()
    if choice == DATE:
        day = _day(picked, today)
    elif choice == "tomorrow":
        day = today + timedelta(days=1)
    else:
        day = today + timedelta(days=7 - today.weekday())
    until = datetime.combine(day, _MORNING, local).timestamp()
    return {DATE: picked or None, "until": int(until)}


def _day(picked: str, today: date) -> date:
    if not picked:
        raise FormError({DATE: "Choose a date, or another time above."})
    try:
        day = date.fromisoformat(picked)
    except ValueError:
        raise FormError({DATE: "Choose a date from the calendar."}) from None
    if day <= today:
        raise FormError({DATE: "Choose a day after today; for today there are hours above."})
    if day - today > timedelta(days=MOST_DAYS):
        raise FormError({DATE: "Choose a day within a year."})
    return day


def _inputs(action: str, form: _Form) -> Sequence[dict[str, Any]]:
    inputs = [
        _input(block, label, _choices(block, options))
        for block, (label, options) in form.choices.items()
    ]
    if action == SNOOZE:
        calendar = {"type": "datepicker", "action_id": DATE, "placeholder": plain_text("Date")}
        date_input = {**_input(DATE, "Until which date?", calendar), "optional": True}
        date_input["hint"] = plain_text("9:00 is that of your time zone in Slack.")
        inputs.insert(1, date_input)
    reason = {
        "type": "plain_text_input",
        "action_id": REASON,
        "multiline": True,
        "min_length": 1,
        "max_length": REASON_CHARS,
    }
    return [*inputs, {**_input(REASON, "Why?", reason), "hint": plain_text(form.hint)}]


def _input(block: str, label: str, element: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(label),
        "element": dict(element),
    }


def _choices(block: str, options: Mapping[str, str]) -> dict[str, Any]:
    made = [{"text": plain_text(text), "value": value} for value, text in options.items()]
    radio: dict[str, Any] = {"type": "radio_buttons", "action_id": block, "options": made}
    if block in _FIRST:
        radio["initial_option"] = next(each for each in made if each["value"] == _FIRST[block])
    return radio


def _metadata(click: Click) -> str:
    values = {"ref": click.ref, **asdict(click.place)}
    text = compact.written(values)
    if len(text) <= METADATA_CHARS:
        return text
    # Only refusals are lost without it.
    return compact.written({**values, "response_url": ""})


def _chosen(values: Mapping[str, Any], block: str) -> str:
    match values.get(block):
        case {**elements}:
            match elements.get(block):
                case {"selected_option": {"value": str(value)}}:
                    return value
    return ""


def _written(values: Mapping[str, Any], block: str, attribute: str) -> str:
    match values.get(block):
        case {**elements}:
            match elements.get(block):
                case {**element}:
                    value = element.get(attribute)
                    return value if isinstance(value, str) else ""
    return ""
