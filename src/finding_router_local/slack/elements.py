"""The checks of Slack on interactive elements: buttons, menus, inputs."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from finding_router_local.slack import checks, limits
from finding_router_local.slack.checks import Problems

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# The keys of each element beside type and action_id.
_KEYS: Final = {
    "button": {"text", "url", "value", "style", "confirm", "accessibility_label"},
    "static_select": {
        "options",
        "option_groups",
        "initial_option",
        "placeholder",
        "confirm",
        "focus_on_load",
    },
    "overflow": {"options", "confirm"},
    "radio_buttons": {"options", "initial_option", "confirm", "focus_on_load"},
    "checkboxes": {"options", "initial_options", "confirm", "focus_on_load"},
    "datepicker": {"initial_date", "placeholder", "confirm", "focus_on_load"},
    "plain_text_input": {
        "initial_value",
        "multiline",
        "min_length",
        "max_length",
        "placeholder",
        "focus_on_load",
        "dispatch_action_config",
    },
}
# https://docs.slack.dev/reference/block-kit/block-elements: those in an input block, and those in
# actions and beside a section.
INPUTS: Final = frozenset(
    {"plain_text_input", "static_select", "radio_buttons", "checkboxes", "datepicker"}
)
ACTIONS: Final = frozenset(_KEYS.keys() - {"plain_text_input"})


def element_problems(element: Any, here: str, *, kinds: frozenset[str] = ACTIONS) -> Problems:
    """Check an element, which must be one of *kinds*; *here* is its JSON pointer."""
    if not isinstance(element, Mapping):
        yield checks.at(here, "must provide an object")
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        yield checks.at(f"{here}/type", f"unsupported type: {kind}")
        return
    for key in element.keys() - _KEYS[kind] - {"type", "action_id"}:
        yield checks.at(here, f"invalid additional property: {key}")
    if "action_id" in element:
        action_id = element["action_id"]
        yield from checks.string(action_id, f"{here}/action_id", limits.MAX_ACTION_ID)
    if "placeholder" in element:
        most = limits.MAX_PLACEHOLDER
        yield from checks.text(element, "placeholder", here, most, checks.PLAIN)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{here}/confirm")
    yield from _CHECKS[kind](element, here)


def options_of(element: Mapping[str, Any]) -> list[Any]:
    """Return the options of an element, also those in groups."""
    groups = _listed(element.get("option_groups"))
    holders = [element, *(each for each in groups if isinstance(each, Mapping))]
    return [option for holder in holders for option in _listed(holder.get("options"))]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _button(element: Mapping[str, Any], here: str) -> Problems:
    yield from checks.text(element, "text", here, limits.MAX_BUTTON_TEXT, checks.PLAIN)
    for key, maximum in (("value", limits.MAX_BUTTON_VALUE), ("url", limits.MAX_BUTTON_URL)):
        if key in element:
            yield from checks.string(element[key], f"{here}/{key}", maximum)
    if element.get("style") not in (None, "primary", "danger"):
        yield checks.at(f"{here}/style", "must be a valid enum value")


def _select(element: Mapping[str, Any], here: str) -> Problems:
    groups = element.get("option_groups")
    if groups is None:
        yield from _options(element, here, limits.MAX_OPTIONS)
    elif not isinstance(groups, list):
        yield checks.at(f"{here}/option_groups", "must provide an array")
    else:
        yield from checks.count(groups, limits.MAX_OPTIONS, f"{here}/option_groups", minimum=1)
        for index, group in enumerate(groups):
            pointer = f"{here}/option_groups/{index}"
            if not isinstance(group, Mapping):
                yield checks.at(pointer, "must provide an object")
                continue
            yield from checks.text(group, "label", pointer, limits.MAX_OPTION_TEXT, checks.PLAIN)
            yield from _options(group, pointer, limits.MAX_OPTIONS)
    yield from _initial(element, here)


def _choices(element: Mapping[str, Any], here: str) -> Problems:
    yield from _options(element, here, limits.MAX_CHOICES, ("plain_text", "mrkdwn"))
    yield from _initial(element, here)


def _overflow(element: Mapping[str, Any], here: str) -> Problems:
    yield from _options(element, here, limits.MAX_OVERFLOW_OPTIONS)


def _options(
    holder: Mapping[str, Any], here: str, maximum: int, kinds: tuple[str, ...] = checks.PLAIN
) -> Problems:
    options = holder.get("options")
    if options is None:
        yield checks.missing(here, "options")
        return
    if not isinstance(options, list):
        yield checks.at(f"{here}/options", "must provide an array")
        return
    yield from checks.count(options, maximum, f"{here}/options", minimum=1)
    for index, option in enumerate(options):
        yield from _option(option, f"{here}/options/{index}", kinds)


def _option(option: Any, here: str, kinds: tuple[str, ...]) -> Problems:
    if not isinstance(option, Mapping):
        yield checks.at(here, "must provide an object")
        return
    for key in option.keys() - {"text", "value", "description", "url"}:
        yield checks.at(here, f"invalid additional property: {key}")
    yield from checks.text(option, "text", here, limits.MAX_OPTION_TEXT, kinds)
    if "value" not in option:
        yield checks.missing(here, "value")
    else:
        yield from checks.string(option["value"], f"{here}/value", limits.MAX_OPTION_VALUE)
    if "description" in option:
        yield from checks.text(option, "description", here, limits.MAX_OPTION_TEXT, kinds)


def _initial(element: Mapping[str, Any], here: str) -> Problems:
    """Check that what is chosen at first is one of the options, word for word."""
    chosen = _listed(element.get("initial_options"))
    key = "initial_options"
    if "initial_option" in element:
        chosen, key = [element["initial_option"]], "initial_option"
    if any(each not in options_of(element) for each in chosen):
        yield checks.at(f"{here}/{key}", "must match one of the options")


def _datepicker(element: Mapping[str, Any], here: str) -> Problems:
    date = element.get("initial_date")
    if date is not None and not (isinstance(date, str) and _DATE.fullmatch(date)):
        yield checks.at(f"{here}/initial_date", "must be a valid date in the format YYYY-MM-DD")


def _text_input(element: Mapping[str, Any], here: str) -> Problems:
    for key, minimum in (("min_length", 0), ("max_length", 1)):
        said = element.get(key, minimum)
        if not isinstance(said, int) or not minimum <= said <= limits.MAX_INPUT_TEXT:
            problem = f"must be from {minimum} to {limits.MAX_INPUT_TEXT}"
            yield checks.at(f"{here}/{key}", problem)
    if "initial_value" in element:
        value, most = element["initial_value"], limits.MAX_INPUT_TEXT
        yield from checks.string(value, f"{here}/initial_value", most, minimum=0)


def _confirm(confirm: Any, here: str) -> Problems:
    if not isinstance(confirm, Mapping):
        yield checks.at(here, "must provide an object")
        return
    for key, most, kinds in (
        ("title", limits.MAX_CONFIRM_TITLE, checks.PLAIN),
        ("text", limits.MAX_CONFIRM_TEXT, ("plain_text", "mrkdwn")),
        ("confirm", limits.MAX_CONFIRM_BUTTON, checks.PLAIN),
        ("deny", limits.MAX_CONFIRM_BUTTON, checks.PLAIN),
    ):
        yield from checks.text(confirm, key, here, most, kinds)


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Problems]]] = {
    "button": _button,
    "static_select": _select,
    "overflow": _overflow,
    "radio_buttons": _choices,
    "checkboxes": _choices,
    "datepicker": _datepicker,
    "plain_text_input": _text_input,
}
