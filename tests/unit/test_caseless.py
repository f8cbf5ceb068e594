"""Texts in upper or lower case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.patterns.caseless import Part, ignore_case
from pattern_language import UNTIMED


@pytest.mark.parametrize(
    ("text", "part", "yes", "no"),
    [
        ("High", Part.WHOLE, ["high", "HIGH", "hIGh"], ["hig", "highs", "", 5]),
        ("High", Part.START, ["high", "HIGHER"], ["hig", "a high", "", None]),
        ("High", Part.END, ["high", "tooHIGH"], ["igh", "highs", "", True]),
        ("", Part.WHOLE, [""], ["a"]),
        ("", Part.START, ["", "a"], [0]),
        ("", Part.END, ["", "a"], [0]),
        (
            "Straße",
            Part.WHOLE,
            ["straße", "STRASSE", "sTraSSe"],
            ["strasse", "strasSe", "straß", 5],
        ),
        ("ß-", Part.START, ["ß-a", "SS-a"], ["ss-a", "S-a", None]),
        ("-ß", Part.END, ["a-ß", "a-SS"], ["a-ss", "S", False]),
        ("Änderung", Part.WHOLE, ["änderung", "ÄNDERUNG"], ["anderung"]),
        ("日本", Part.START, ["日本語"], ["本"]),
        ("ΟΔΟΣ", Part.WHOLE, ["οδοσ"], ["οδος"]),
        ("😀a", Part.WHOLE, ["😀A"], ["😁a"]),
    ],
)
def test_examples(text: str, part: Part, yes: list[object], no: list[object]) -> None:
    """Each character may be in either case; those of two characters in one of them, too."""
    condition = ignore_case(text, part)

    assert yes == [value for value in yes + no if condition.allows(value)]


def test_characters_that_only_become_alike() -> None:
    """The Kelvin sign is a k in lower case, but no k is a Kelvin sign in upper case."""
    assert not ignore_case("k", Part.WHOLE).allows("\N{KELVIN SIGN}")
    assert not ignore_case("k", Part.START).allows("\N{KELVIN SIGN}elvin")
    assert ignore_case("\N{KELVIN SIGN}", Part.WHOLE).allows("k")


@UNTIMED
@given(st.text(max_size=8), st.text(max_size=8))
def test_a_text_agrees_with_itself_in_either_case(text: str, more: str) -> None:
    """Character by character, at the start and at the end of a longer text."""
    for case in (
        "".join(character.lower() for character in text),
        "".join(character.upper() for character in text),
    ):
        assert ignore_case(text, Part.WHOLE).allows(case)
        assert ignore_case(text, Part.START).allows(case + more)
        assert ignore_case(text, Part.END).allows(more + case)
