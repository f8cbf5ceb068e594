"""The words of the answer to a burst of edits."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from finding_router.counts import counted
from finding_router.delivery.notices import Notice
from finding_router.delivery.troubles import CHECK
from finding_router.edits.diff import MINUS, FieldChange, attributes, differences
from finding_router.edits.edit import Edit, Item
from finding_router.edits.impact import Impact
from finding_router.edits.review import Review
from finding_router.errors import RouteError
from finding_router.lint.fields import Odd
from finding_router.lint.table import OddItem
from finding_router.slack.kit.frame import ENDED_COLOUR
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import AMBER, EDIT, Point, Words

# The answer to a batch is posted once, for longer than the batch can be tried again.
TOLD_SECONDS: Final = 2 * 86_400.0
_WRONG_SHOWN: Final = 4
_ODD_SHOWN: Final = 3
_FIELDS_SHOWN: Final = 3
_CHANNELS_SHOWN: Final = 4
_DECIDING: Final = ("by", "reason", "until")


def answer(review: Review, *, topic: str, table: str, cache_seconds: float) -> Notice:
    """Return the notice that answers *review*; *table* is the page of the routing table."""
    wrong = [edit for edit in review.edits if review.problems(edit)]
    is_fine = not wrong and not review.odd
    single = review.edits[0] if len(review.edits) == 1 else None
    # An edit that leaves its last valid version in force has no effect.
    may_differ = any(edit not in wrong or not review.is_kept(edit) for edit in review.edits)
    headline, icon = _headline(review, single)
    details = _of_one(review, single) if single else _of_many(review)
    words = Words(
        headline,
        details,
        icon=icon if is_fine else "⚠️",
        consequence=" ".join(_consequences(review, wrong, cache_seconds)),
        explanation=_effect(review.impact) if may_differ and review.impact else "",
        remedy=CHECK if wrong else Mrkdwn(""),
        links=[(EDIT, table)],
        every_seconds=TOLD_SECONDS,
    )
    return Notice(topic=topic, words=words, colour=ENDED_COLOUR if is_fine else AMBER)


def _headline(review: Review, single: Edit | None) -> tuple[str, str]:
    """Return the headline and its sign."""
    if single is None:
        verbs = Counter(edit.verb for edit in review.edits)
        parts = ", ".join(f"{number} {verb}" for verb, number in verbs.items())
        return f"{len(review.edits)} items of the routing table: {parts}", "✏️"
    called = f"{single.kind.capitalize()} “{single.name}”"
    if review.problems(single):
        return f"{called} is not valid", "⚠️"
    match review.silences(single):
        case None, silence if silence is not None:
            return f"{called} made{_by(silence.by)}", "🔕"
        case silence, None if silence is not None:
            return f"{called} ended early", "🔔"
    return f"{called} {single.verb}", "✏️"


def _by(name: str | None) -> str:
    return f" by {name}" if name else ""


def _of_one(review: Review, edit: Edit) -> list[Point]:
    wrong = [Point(_mistake(each), each.field) for each in review.problems(edit)]
    odd = [
        Point(_mistake(each.odd), each.odd.field if each.key == edit.key else _named(each))
        for each in review.odd
    ]
    head = [*wrong, *_some(odd, _ODD_SHOWN)]
    return [*head, *(Point(each.change, each.field) for each in _fields(edit))]


def _of_many(review: Review) -> list[Point]:
    wrong, rest = [], []
    for edit in review.edits:
        if problems := review.problems(edit):
            first = problems[0]
            kept = "; its last valid version stays" if review.is_kept(edit) else ""
            text = f"not valid{kept}: {first.field}: {_mistake(first)}"
            wrong.append(Point(text, _named(edit)))
        else:
            rest.append(Point(_in_a_line(review, edit), _named(edit)))
    odd = [Point(f"{each.odd.field}: {_mistake(each.odd)}", _named(each)) for each in review.odd]
    return [*_some(wrong, _WRONG_SHOWN), *_some(odd, _ODD_SHOWN), *rest]


def _mistake(one: RouteError | Odd) -> str:
    return f"{one.problem}; {one.remedy}"


def _named(one: Edit | OddItem) -> str:
    return f"{one.kind} {one.name}"


def _some(points: list[Point], most: int) -> list[Point]:
    """Return the first *most* of *points*, and a line for the number of others."""
    rest = len(points) - most
    return points if rest <= 0 else [*points[:most], Point(f"and {rest} more like these")]


def _in_a_line(review: Review, edit: Edit) -> str:
    match review.silences(edit):
        case None, silence if silence is not None:
            return f"made: {_why(edit.after)}"
        case silence, None if silence is not None:
            return f"ended early: {_why(edit.before)}"
    if edit.verb != "changed":
        return edit.verb
    fields = _fields(edit)
    more = f", {len(fields) - _FIELDS_SHOWN} more" if fields[_FIELDS_SHOWN:] else ""
    return f"changed: {_joined(fields[:_FIELDS_SHOWN])}{more}"


def _fields(edit: Edit) -> list[FieldChange]:
    """Return the changes of the attributes by *edit*, or those of an item that is new or gone."""
    if edit.before is None or edit.after is None:
        return attributes(edit.after or edit.before or {})
    return differences(edit.before, edit.after)


def _why(item: Item | None) -> str:
    """Return the author, reason and end of a silence."""
    silence = item or {}
    return _joined(attributes({name: silence[name] for name in _DECIDING if name in silence}))


def _joined(fields: Iterable[FieldChange]) -> str:
    return ", ".join(f"{each.field} {each.change}" for each in fields)


def _consequences(review: Review, wrong: list[Edit], cache_seconds: float) -> Iterator[str]:
    """Yield the sentences about validity and effect."""
    kept = [edit for edit in wrong if review.is_kept(edit)]
    if len(review.edits) == 1 and wrong:
        yield (
            "Its last valid version stays in force, until you correct or delete the item."
            if kept
            else "It is left out, as no version of it was ever valid."
        )
    elif wrong:
        number = counted(len(wrong), "item is", "items are")
        yield f"{number} not valid, {_fate(len(wrong), len(kept))}."
    soon = f"in force within {counted(round(cache_seconds), 'second')}"
    if len(wrong) < len(review.edits):
        subject = "It is" if len(review.edits) == 1 else "The others are" if wrong else "All are"
        again = " again" if len(review.edits) == 1 and review.was_invalid(review.edits[0]) else ""
        if any(edit.after is not None for edit in review.edits if edit not in wrong):
            yield f"{subject} valid{again}, and {soon}."
        else:
            yield f"{soon.capitalize()}."
    if any(silence and not now for silence, now in map(review.silences, review.edits)):
        yield "The next wake-up posts what was silenced."


def _fate(wrong: int, kept: int) -> str:
    if kept == wrong:
        return "and the last valid version of each stays in force"
    if not kept:
        return "and left out"
    return f"{kept} of them stay in force as they were valid last, the others are left out"


def _effect(impact: Impact) -> str:
    """Return a sentence about the findings of the last seven days."""
    if not impact.findings:
        return "No finding of the last seven days is known, to tell the effect by."
    newest = "newest " if impact.is_cut else ""
    of = f"{impact.findings:,} {newest}{'finding' if impact.findings == 1 else 'findings'}"
    if impact.decided < impact.findings:
        of = f"{of}, of which {impact.decided:,} could be decided"
    parts = [*_signed("+", impact.more), *_signed(MINUS, impact.fewer)]
    if impact.held:
        parts.append(f"{counted(impact.held, 'message')} would have waited")
    if impact.at_once:
        parts.append(f"{counted(impact.at_once, 'message')} would not have waited")
    changed = ", ".join(parts) or "nothing would have changed"
    return f"In the last seven days ({of}): {changed}."


def _signed(sign: str, channels: Counter[str]) -> Iterable[str]:
    """Return a number of messages for each of *channels*, the largest first."""
    found = channels.most_common()
    for channel, number in found[:_CHANNELS_SHOWN]:
        yield f"{sign}{counted(number, 'message')} to {channel}"
    if rest := found[_CHANNELS_SHOWN:]:
        messages = counted(sum(number for _, number in rest), "message")
        yield f"{sign}{messages} to {counted(len(rest), 'other channel')}"
