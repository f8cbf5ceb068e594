"""Texts with stars."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.patterns.pattern import compile_pattern
from finding_router.routing.patterns.wildcard import Wildcard, split_wildcard
from pattern_language import UNTIMED

PARTS = st.lists(st.text(st.sampled_from("ab"), max_size=2), min_size=1, max_size=5)
TEXTS = st.text(st.sampled_from("ab"), max_size=8)


def matches(wildcard: str, text: str) -> bool:
    """Compare with a whole pattern, in which some wildcards are something simpler."""
    return compile_pattern({"a": [{"wildcard": wildcard}]}).matches({"a": text})


class TestMatching:
    """A star is any number of any characters."""

    @pytest.mark.parametrize(
        ("wildcard", "yes", "no"),
        [
            ("", [""], ["a", "*"]),
            ("ab", ["ab"], ["abc", "", "xab"]),
            ("*", ["", "a", "a\nb", "日本語", "*"], []),
            ("a*", ["a", "ab", "a\n"], ["", "ba"]),
            ("*a", ["a", "ba", "\na"], ["", "ab"]),
            ("a*a", ["aa", "aba", "a\na"], ["a", "ab", ""]),
            ("*a*", ["a", "bab"], ["", "b"]),
            ("a*b*c", ["abc", "a-b-c", "abbc", "abcbc"], ["ac", "acb", "ab", "a-c-b"]),
            ("ab*ab*ab", ["ababab", "ab-ab-ab"], ["abab", "ab-ab"]),
            ("*日*語", ["日本語", "日語"], ["日本"]),
            (r"\*", ["*"], ["", "a", r"\*"]),
            (r"a\**", ["a*", "a*b"], ["a", "ab"]),
            (r"*\\*", ["\\", "a\\b"], ["", "a"]),
            ("[a-c]?.", ["[a-c]?."], ["b?.", "[a-c]xx"]),
        ],
    )
    def test_examples(self, wildcard: str, yes: list[str], no: list[str]) -> None:
        """Newlines count as characters, and no other character is special."""
        assert yes == [text for text in yes + no if matches(wildcard, text)]

    @UNTIMED
    @given(PARTS, TEXTS)
    def test_as_a_regular_expression_would(self, parts: list[str], text: str) -> None:
        """Compared with one that tries everything, on short texts."""
        wildcard = re.sub(r"\*+", "*", "*".join(parts))
        expected = re.fullmatch(wildcard.replace("*", ".*"), text) is not None

        assert expected == matches(wildcard, text)

    @UNTIMED
    @given(PARTS, st.lists(TEXTS, min_size=5, max_size=5))
    def test_a_text_made_of_the_parts(self, parts: list[str], between: list[str]) -> None:
        """With any text for the stars."""
        wildcard = re.sub(r"\*+", "*", "*".join(parts))
        text = parts[0] + "".join(map(str.__add__, between, parts[1:]))

        assert matches(wildcard, text)

    def test_only_texts_match(self) -> None:
        """A number has no characters."""
        wildcard = Wildcard("1", ("2",), "3")

        assert [True, False, False] == [wildcard.allows(value) for value in ("123", 123, None)]

    @pytest.mark.parametrize(
        "wildcard",
        [
            "*a" * 10_000 + "*b",
            "*a*" + "a" * 500 + "b*a",
            "a*" * 5_000 + "b*a",
            "*ab" * 5_000 + "*",
        ],
    )
    def test_hostile_wildcards_end(self, wildcard: str) -> None:
        """On the longest text that a finding can have; to try again would take years."""
        text = "a" * 240_000

        assert not matches(wildcard, text)
        assert matches("*a" * 10_000 + "*", text)


class TestSplitting:
    """The parts between the stars."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", [""]),
            ("ab", ["ab"]),
            ("*", ["", ""]),
            ("a*b*", ["a", "b", ""]),
            (r"a\*b*\\", ["a*b", "\\"]),
        ],
    )
    def test_parts(self, text: str, expected: list[str]) -> None:
        """One more than there are stars."""
        assert expected == split_wildcard(text)

    @pytest.mark.parametrize("text", ["**", "a**b", "*a**", r"\***"])
    def test_two_stars_side_by_side(self, text: str) -> None:
        """One star means the same."""
        with pytest.raises(MistakeError, match=r'has "\*\*" in the wildcard'):
            split_wildcard(text)

    @pytest.mark.parametrize("text", ["\\", "a\\", r"\a", r"a\b*", r"\\\n"])
    def test_a_backslash_that_escapes_nothing(self, text: str) -> None:
        """Its meaning would be a guess."""
        with pytest.raises(MistakeError, match="has a single backslash in the wildcard"):
            split_wildcard(text)
