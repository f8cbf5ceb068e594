"""The text of a mistake."""

from decimal import Decimal

import pytest

from finding_router.routing.patterns.mistake import MistakeError, closest, did_you_mean, shown


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("channels", 'did you mean "channel"?'),
        ("CHANNEL", 'did you mean "channel"?'),
        ("xyz", "write one of channel, order"),
        ("", "write one of channel, order"),
    ],
)
def test_a_remedy_names_the_closest_word_or_all(word: str, expected: str) -> None:
    """A near miss, in any case, gets the intended word; others get the choice."""
    assert expected == did_you_mean(word, ["channel", "order"])


def test_the_closest_word_keeps_its_case() -> None:
    """Words with capitals are found by those without, and returned as they are."""
    assert closest("severity", ["Title", "Severity"]) == "Severity"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "the Boolean true"),
        ("short", 'the text "short"'),
        ("x" * 61, f'the text "{"x" * 60}…"'),
        (5, "the number 5"),
        (0.5, "the number 0.5"),
        ([1], "a list"),
        ({"a": 1}, "a map"),
        (Decimal(1), "of type Decimal"),
        (b"", "of type bytes"),
    ],
)
def test_a_value_is_shown_in_a_few_words(value: object, expected: str) -> None:
    """The text has the kind of the value, and the value if it is short."""
    assert expected == shown(value)


def test_a_mistake_says_what_to_do() -> None:
    """Problem and remedy make one line."""
    assert str(MistakeError("is empty", "write a name")) == "is empty; write a name"
