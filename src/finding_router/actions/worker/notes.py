"""A person's status in Security Hub, and the note that says who and why."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import Asked, AskedStatus, Person
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.people import AUTHOR_CHARS, NOTE_CHARS, Note, PeopleHub, Raw
from finding_router.delivery.workflow import NOT_FOUND, PERMANENT_CODES, FindingKey
from finding_router.findings.ocsf import in_asff
from finding_router.findings.reading import text_at
from finding_router.slack.kit.text import one_line

# Between the note of a press and the one before it.
_BEFORE: Final = "\nBefore: "
_NAME_CHARS: Final = 60
# Codes after which another try has the same answer.
FINAL_CODES: Final = PERMANENT_CODES | {NOT_FOUND, "AccessDeniedException", "AccessDenied"}
_WORDS: Final = {
    NOT_FOUND: "Security Hub no longer has it",
    "InvalidInput": "Security Hub refuses its identifier",
    "FindingSizeExceeded": "the finding would be too large with the note",
    "AccessDeniedException": "the worker may not change it: check its role and the Region",
}

type Targets = Mapping[Form, Mapping[FindingKey, Raw]]


@dataclass(slots=True)
class Done:
    """How far a status was set: the notes, and the codes of what was refused, by key."""

    notes: dict[FindingKey, Note] = field(default_factory=dict)
    refused: dict[FindingKey, str] = field(default_factory=dict)


def set_status(
    hubs: Sequence[PeopleHub], targets: Targets, asked: Asked, *, deadline: Deadline
) -> Done:
    """Set status and note of those of *targets* that do not have them, equal notes together."""
    done = Done()
    for hub in hubs:
        by_note: dict[Note, list[FindingKey]] = defaultdict(list)
        for key, raw in targets.get(hub.form, {}).items():
            note = note_of(raw, hub.form, asked)
            done.notes[key] = note
            if not has_status(raw, hub.form, asked):
                by_note[note].append(key)
        for note, some in by_note.items():
            done.refused |= hub.set(some, asked.status, note, deadline=deadline)
    return done


def as_set(
    hubs: Sequence[PeopleHub], findings: Targets, done: Done, status: AskedStatus
) -> Targets:
    """Return *findings* with the status and the notes that were set."""
    by_form = {hub.form: hub for hub in hubs}
    return {
        form: {
            key: by_form[form].with_status(raw, status, done.notes[key])
            if key in done.notes and key not in done.refused
            else raw
            for key, raw in found.items()
        }
        for form, found in findings.items()
    }


def has_status(raw: Raw, form: Form, asked: Asked) -> bool:
    """Return True if *raw* has the status and the note of *asked*: an earlier try has set them."""
    return _status(raw) == asked.status.value and _has_note(raw, form, asked)


def note_of(raw: Raw, form: Form, asked: Asked) -> Note:
    """Return the note of *asked*, with the one that *raw* has if both fit."""
    text, before = _said(form, asked), _text(raw)
    if _has_note(raw, form, asked):
        return Note(before[:NOTE_CHARS], author_of(asked.by))
    both = f"{text}{_BEFORE}{before}"
    fits = before and len(both) <= NOTE_CHARS
    return Note(both if fits else text, author_of(asked.by))


def _said(form: Form, asked: Asked) -> str:
    """Return the text of *asked*; a comment has no author of its own."""
    text = asked.reason if form is Form.ASFF else f"{asked.reason} ({author_of(asked.by)})"
    return text[:NOTE_CHARS]


def _has_note(raw: Raw, form: Form, asked: Asked) -> bool:
    """Return True if an earlier try has set the note of *asked*, and nobody another one."""
    text, before = _said(form, asked), _text(raw)
    is_same = before == text or before.startswith(f"{text}{_BEFORE}")
    if form is Form.ASFF:
        author = text_at(in_asff(raw), "Note", "UpdatedBy")
        return is_same and author == author_of(asked.by)
    return is_same


def author_of(person: Person) -> str:
    """Return the author of a note: "slack:U012ABC (jane)"."""
    name = one_line(person.name).replace("(", "").replace(")", "")[:_NAME_CHARS] or "?"
    return f"slack:{person.id} ({name})"[:AUTHOR_CHARS]


def why_refused(code: str) -> str:
    """Return Security Hub's *code* in words."""
    return _WORDS.get(code, code)


def _status(raw: Raw) -> str | None:
    return text_at(in_asff(raw), "Workflow", "Status")


def _text(raw: Raw) -> str:
    return text_at(in_asff(raw), "Note", "Text") or ""
