"""Find patterns for findings in a state that is never routed."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from finding_router.findings.events import (
    AROUND_FINDING,
    CUSTOM_ACTION,
    IMPORTED,
    IMPORTED_V2,
    EventKind,
)
from finding_router.findings.outline import read_outline
from finding_router.findings.screening import screen
from finding_router.lint.asff import NOT_OF_OCSF, OCSF_FIELDS, closed_set
from finding_router.lint.fields import Odd
from finding_router.routing.items.match import Match
from finding_router.routing.patterns.rule import Field, Rule

_DETAIL_TYPE: Final = "detail-type"
_OF_A_PERSON: Final = ("detail.actionName", "detail.actionDescription")
_CAPTIONS: Final = (f"{AROUND_FINDING}severity", f"{AROUND_FINDING}status")
_STATES: Final = ("Workflow.Status", "RecordState", "Compliance.Status")


def odd_states(match: Match, *, of_silence: bool) -> Iterator[Odd]:
    """
    Yield the state that *match* demands, if the router routes no finding in it.

    A person may send a finding in any state, so that a pattern for custom actions is not odd. A
    silence holds nothing that a person sends.
    """
    compiled = match.compiled
    if compiled is None:
        return
    rules = compiled.rules
    if of_silence and all(map(_is_for_actions_only, rules)):
        problem = "is about what a person sends, which no silence holds"
        yield Odd(f"match.{_DETAIL_TYPE}", problem, f'write "{IMPORTED}", or leave it out')
        return
    if rules and all(map(_contradicts_its_type, rules)):
        problem = "is not about custom actions, the only events with a name or description of one"
        yield Odd(f"match.{_DETAIL_TYPE}", problem, f'write "{CUSTOM_ACTION}", or leave it out')
        return
    mixed = [_contradicts_its_form(rule) for rule in rules]
    if mixed and None not in mixed:
        yield Odd(f"match.{_DETAIL_TYPE}", *next(filter(None, mixed)))
        return
    captions = [_caption_of(rule) for rule in rules]
    if captions and None not in captions:
        caption = next(filter(None, captions))
        path = caption if match.of_event else caption.removeprefix(AROUND_FINDING)
        number = f"{caption.rpartition('.')[2]}_id"
        problem = "is a caption, which its importer may write in another way"
        yield Odd(f"match.{path}", problem, f'match the number in "{number}" instead')
        return
    if not of_silence and any(map(_is_for_actions, rules)):
        return
    never = [_never_routed(rule) for rule in rules]
    first = next(iter(never), None)
    if first is not None and None not in never:
        path = first.path.removeprefix(AROUND_FINDING)
        routed = _routed(path)
        known = [value for value in closed_set(path) if first.leaf.allows(value)]
        problem = (
            f"has only {_listed(known)}: a finding in that state is never routed, "
            "unless a person sends it"
        )
        remedy = f"leave the field out, or write {_listed(routed)}"
        yield Odd(f"match.{first.path if match.of_event else path}", problem, remedy)


def _never_routed(rule: Rule) -> Field | None:
    """Return the field of *rule* that demands a state in which findings are not routed."""
    for field in rule:
        path = field.path.removeprefix(AROUND_FINDING)
        is_state = path in _STATES and field.path != path
        if not is_state or field.leaf.absent or not any(map(field.leaf.allows, closed_set(path))):
            continue
        if not any(map(field.leaf.allows, (*_routed(path), None))):
            return field
    return None


@cache
def _routed(path: str) -> tuple[str, ...]:
    """Return the values of the state at *path* with which an imported finding is routed."""
    return tuple(value for value in closed_set(path) if _is_routed(path, value))


def _is_routed(path: str, value: str) -> bool:
    finding: dict[str, Any] = {"Id": "i", "ProductArn": "arn"}
    outer, _, inner = path.partition(".")
    finding[outer] = {inner: value} if inner else value
    return screen(read_outline(finding), EventKind.IMPORTED) is None


def _is_for_actions(rule: Rule) -> bool:
    """Return True if *rule* names custom actions."""
    return any(
        field.path in _OF_A_PERSON
        or (field.path == _DETAIL_TYPE and field.leaf.allows(CUSTOM_ACTION))
        for field in rule
        if not field.leaf.absent
    )


def _contradicts_its_type(rule: Rule) -> bool:
    """Return True if *rule* demands a field of custom actions, and another kind of event."""
    fields = [field for field in rule if not field.leaf.absent]
    is_for_actions = any(field.path in _OF_A_PERSON for field in fields)
    return is_for_actions and any(
        field.path == _DETAIL_TYPE and not field.leaf.allows(CUSTOM_ACTION) for field in fields
    )


def _is_for_actions_only(rule: Rule) -> bool:
    """Return True if *rule* matches custom actions, and nothing else."""
    return _is_for_actions(rule) and not any(
        field.path == _DETAIL_TYPE and field.leaf.allows(IMPORTED) for field in rule
    )


def _contradicts_its_form(rule: Rule) -> tuple[str, str] | None:
    """Return problem and remedy of a *rule* with fields that its kinds of events do not have."""
    kinds = [field for field in rule if field.path == _DETAIL_TYPE and not field.leaf.absent]
    names = [
        field.path.removeprefix(AROUND_FINDING).partition(".")[0]
        for field in rule
        if field.path.startswith(AROUND_FINDING) and not field.leaf.absent
    ]
    if not kinds:
        return None
    [kind] = kinds
    theirs = next((name for name in names if name in OCSF_FIELDS), None)
    if theirs and not kind.leaf.allows(IMPORTED_V2):
        problem = f'is not about findings in OCSF, the only ones with "{theirs}"'
        return problem, f'write "{IMPORTED_V2}", or name a field of ASFF'
    ours = next((name for name in names if name in NOT_OF_OCSF), None)
    if ours and not any(map(kind.leaf.allows, (IMPORTED, CUSTOM_ACTION))):
        problem = f'is about findings in OCSF alone, which have no "{ours}"'
        return problem, f'write "{IMPORTED}", or name another field'
    return None


def _caption_of(rule: Rule) -> str | None:
    """Return the path of a caption in *rule*, whose number is certain where the caption is not."""
    paths = [field.path for field in rule if not field.leaf.absent]
    return next((path for path in paths if path in _CAPTIONS), None)


def _listed(values: tuple[str, ...] | list[str]) -> str:
    return " or ".join(f'"{value}"' for value in values)
