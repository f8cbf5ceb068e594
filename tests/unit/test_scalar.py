"""How strings, numbers, truth values and null are compared."""

from itertools import product
from math import inf, nan

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finding_router.routing.patterns.scalar import address, comparable, literal
from pattern_language import UNTIMED


class TestLiteral:
    """The key that is the same for equal values only."""

    KINDS = (
        ("5",),
        (5, 5.0),
        (0, 0.0, -0.0),
        (1, 1.0),
        (True,),
        (False,),
        (None,),
        ("",),
        (10**20, 1e20),
        (10**20 + 1,),
        (inf,),
    )

    def test_values_of_one_kind_are_the_same(self) -> None:
        """And others are not."""
        values = [(kind, value) for kind, equals in enumerate(self.KINDS) for value in equals]

        for (kind, value), (other_kind, other) in product(values, values):
            assert (kind == other_kind) == (literal(value) == literal(other))


class TestComparable:
    """Numbers as float64, where nothing is lost by it."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (0, 0.0),
            (-7, -7.0),
            (2.5, 2.5),
            (2**53, 2.0**53),
            (10**22, 1e22),
            (5e-324, 5e-324),
            (2**53 + 1, None),
            (2**60, None),
            (10**400, None),
            (inf, None),
            (-inf, None),
            (nan, None),
            (True, None),
            ("5", None),
            (None, None),
        ],
    )
    def test_numbers_that_float64_has(self, value: object, expected: float | None) -> None:
        """As the engine does it, by the shortest notation: that of 2**60 has other digits."""
        assert expected == comparable(value)

    @UNTIMED
    @given(st.integers())
    @example(2**53)
    @example(-(2**53))
    def test_nothing_is_lost(self, value: int) -> None:
        """A number that is comparable is still itself."""
        assert comparable(value) in {None, value}


class TestAddress:
    """Texts that are IP addresses."""

    # fmt: off
    OTHERS = (
        "", "x", "10.0.0", "10.0.0.256", "1.2.3.x", "10.0.0.1/8", "::ffff:10.0.0.1", ":", "08:23",
        "2001:db8::g", "fe80::1%eth0", "arn:aws:s3:::a", "1:2:3:4:5:6:7:8:9", "٣.0.0.1",
    )
    # fmt: on

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("10.0.0.1", (4, 0x0A000001)),
            ("255.255.255.255", (4, 0xFFFFFFFF)),
            ("::1", (6, 1)),
            ("2001:DB8::1", (6, 0x20010DB8000000000000000000000001)),
            ("2001:0db8:0:0:0:0:0:1", (6, 0x20010DB8000000000000000000000001)),
            ("::ffff:a00:1", (4, 0x0A000001)),
        ],
    )
    def test_addresses(self, text: str, expected: tuple[int, int]) -> None:
        """However they are written."""
        assert expected == address(text)

    @pytest.mark.parametrize("text", OTHERS)
    def test_other_texts(self, text: str) -> None:
        """Those that only look like one, too."""
        assert address(text) is None
