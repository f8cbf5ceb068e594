"""The notation for the values that a field accepts."""

from decimal import Decimal
from typing import Any

import pytest

from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.patterns.notation import read_leaf

VALUES = (
    *("", "a", "ab", "AB", "b", "5", "10.1.2.3", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "11.0.0.0"),
    *(0, 5, 5.5, 70, -1, True, False, None),
)


@pytest.mark.parametrize(
    ("leaf", "accepted"),
    [
        (["a", 5, None], ["a", 5, None]),
        ([True], [True]),
        ([5.0], [5]),
        (["5"], ["5"]),
        ([{"exactly": "a"}], ["a"]),
        ([{"prefix": "a"}], ["a", "ab"]),
        ([{"prefix": {"equals-ignore-case": "a"}}], ["a", "ab", "AB"]),
        ([{"suffix": "b"}], ["ab", "b"]),
        ([{"suffix": {"equals-ignore-case": "b"}}], ["ab", "AB", "b"]),
        ([{"prefix": "x"}, {"suffix": "x"}], []),
        ([{"equals-ignore-case": "aB"}], ["ab", "AB"]),
        ([{"wildcard": "a*"}], ["a", "ab"]),
        ([{"wildcard": "*.*.3"}], ["10.1.2.3"]),
        ([{"wildcard": "5"}], ["5"]),
        ([{"numeric": ["=", 5]}], [5]),
        ([{"numeric": ["<", 5]}], [0, -1]),
        ([{"numeric": ["<=", 5]}], [0, 5, -1]),
        ([{"numeric": [">", 5.5]}], [70]),
        ([{"numeric": [">=", 5.5]}], [5.5, 70]),
        ([{"numeric": [">", -1, "<=", 5]}], [0, 5]),
        ([{"numeric": [">=", -1, "<", 5]}], [0, -1]),
        (["10.1.2.3"], ["10.1.2.3"]),
        (["2001:db8:0::1"], ["2001:db8::1", "2001:DB8:0:0:0:0:0:1"]),
        ([{"exactly": "2001:db8::1"}], ["2001:db8::1"]),
        ([{"cidr": "10.0.0.0/8"}], ["10.1.2.3"]),
        ([{"cidr": "10.1.2.7/29"}], ["10.1.2.3"]),
        ([{"cidr": "0.0.0.0/0"}], ["10.1.2.3", "11.0.0.0"]),
        ([{"cidr": "2001:db8::/127"}], ["2001:db8::1", "2001:DB8:0:0:0:0:0:1"]),
        ([{"exists": False}], []),
    ],
)
def test_what_is_accepted(leaf: list[Any], accepted: list[object]) -> None:
    """Of values of every kind, exactly these."""
    read = read_leaf(leaf)

    assert list(map(repr, accepted)) == [repr(value) for value in VALUES if read.allows(value)]


@pytest.mark.parametrize(
    ("leaf", "refused"),
    [
        ([{"exists": True}], []),
        ([{"anything-but": "a"}], ["a"]),
        ([{"anything-but": ["a", "5"]}], ["a", "5"]),
        ([{"anything-but": 5}], [5]),
        ([{"anything-but": [5.0, 0]}], [0, 5]),
        ([{"anything-but": "2001:db8::1"}], ["2001:db8::1"]),
        ([{"anything-but": {"prefix": "a"}}], ["a", "ab"]),
        ([{"anything-but": {"suffix": ["b", "B"]}}], ["ab", "AB", "b"]),
        ([{"anything-but": {"equals-ignore-case": ["AB", ""]}}], ["", "ab", "AB"]),
        ([{"anything-but": {"wildcard": ["*.*", "a"]}}], ["a", "10.1.2.3", "11.0.0.0"]),
        ([{"anything-but": "a"}, {"anything-but": "ab"}], []),
        ([{"anything-but": {"prefix": "a"}}, "ab"], ["a"]),
    ],
)
def test_what_is_not_accepted(leaf: list[Any], refused: list[object]) -> None:
    """Everything but these: null, numbers and truth values are accepted, too."""
    read = read_leaf(leaf)

    assert list(map(repr, refused)) == [repr(value) for value in VALUES if not read.allows(value)]


def test_absence_is_no_matter_of_values() -> None:
    """The leaf has the absence beside the accepted values."""
    leaf = read_leaf([{"exists": False}, "a"])

    assert leaf.absent
    assert not leaf.present
    assert leaf.allows("a")


@pytest.mark.parametrize(
    ("leaf", "problem", "remedy"),
    [
        ([], "is an empty list", 'list what the field may be, such as ["HIGH"]'),
        ([["a"]], "has a list in it", "list strings, numbers, true, false, null, or tests"),
        ([Decimal(5)], "of type Decimal", "list strings, numbers, true, false, null, or tests"),
        ([{}], "has a map of 0 entries in it", "write maps of one test"),
        ([{"prefix": "a", "suffix": "b"}], "has a map of 2 entries", "write maps of one test"),
        ([{"prefx": "a"}], 'has an unknown test "prefx"', 'did you mean "prefix"?'),
        ([{"exactly": 5}], 'has the number 5 after "exactly"', "write one string there"),
        ([{"prefix": 5}], 'has the number 5 after "prefix"', "write one string there"),
        ([{"suffix": ["a"]}], 'has a list after "suffix"', "write one string there"),
        ([{"prefix": {}}], "has a map of 0 entries in it", '{"prefix": {"equals-ignore-case"'),
        ([{"suffix": {"prefix": "a"}}], 'unknown "suffix" test "prefix"', "equals-ignore-case"),
        ([{"prefix": {"equals-ignore-case": 5}}], "has the number 5", "write one string there"),
        ([{"equals-ignore-case": None}], "has null after", "write one string there"),
        ([{"wildcard": "a**b"}], 'has "**" in the wildcard "a**b"', 'write one "*"'),
        ([{"wildcard": 1}], 'has the number 1 after "wildcard"', "write one string there"),
        ([{"exists": "yes"}], 'has an "exists" of the text "yes"', '{"exists": true}'),
        ([{"exists": 1}], 'has an "exists" of the number 1', '{"exists": true}'),
        ([{"anything-but": []}], 'has an empty list after "anything-but"', "list what"),
        ([{"anything-but": None}], 'has null after "anything-but"', "a list of either kind"),
        ([{"anything-but": True}], 'has the Boolean true after "anything-but"', "either kind"),
        ([{"anything-but": ["a", 1]}], 'has the text "a" after "anything-but"', "either kind"),
        ([{"anything-but": [["a"]]}], 'has a list after "anything-but"', "either kind"),
        ([{"anything-but": {}}], "has a map of 0 entries in it", "write maps of one test"),
        ([{"anything-but": {"numeric": 1}}], 'unknown "anything-but" test', "prefix, suffix"),
        ([{"anything-but": {"prefix": ""}}], "an empty prefix", "at least one character"),
        ([{"anything-but": {"suffix": ["a", ""]}}], "an empty suffix", "at least one character"),
        ([{"anything-but": {"prefix": []}}], 'has an empty list after "anything-but"', "list what"),
        ([{"anything-but": {"wildcard": 5}}], 'has the number 5 after "wildcard"', "one string"),
        ([{"anything-but": {"wildcard": "a**"}}], 'has "**" in the wildcard', 'write one "*"'),
        ([{"numeric": 5}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": []}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": ["="]}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": ["!=", 5]}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": ["=", 5, "<", 6]}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": ["<", 6, ">", 5]}], "that is no comparison", 'write ["=", 5]'),
        ([{"numeric": [">", 6, "<", 5]}], "is not below the upper", "lower bound first"),
        ([{"numeric": [">=", 5, "<=", 5]}], "is not below the upper", "for one number use ="),
        ([{"numeric": [">", 1.7976931348623157e308]}], "is not below the upper", "use ="),
        ([{"numeric": ["=", "5"]}], 'has the text "5" after "="', "write a number"),
        ([{"numeric": [">", True]}], 'has the Boolean true after ">"', "write a number"),
        ([{"numeric": [">", 1, "<", None]}], 'has null after "<"', "write a number"),
        ([{"numeric": ["=", 2**60]}], f'has the number {2**60} after "="', "17 digits"),
        ([{"cidr": 8}], 'has the number 8 after "cidr"', "write one string there"),
        ([{"cidr": "10.0.0.0"}], "that is no address block", "an address and a length"),
        ([{"cidr": "10.0.0/8"}], "that is no address block", "an address and a length"),
        ([{"cidr": "10.0.0.0/8/8"}], "that is no address block", "an address and a length"),
        ([{"cidr": "10.0.0.0/-1"}], "that is no address block", "an address and a length"),
        ([{"cidr": "10.0.0.0/٨"}], "that is no address block", "an address and a length"),
        ([{"cidr": "10.0.0.0/32"}], "is not below 32", "the address without a length"),
        ([{"cidr": "::/128"}], "is not below 128", "the address without a length"),
        ([{"cidr": "::ffff:a00:0/104"}], "is not below 32", "the address without a length"),
    ],
)
def test_what_is_no_leaf(leaf: list[Any], problem: str, remedy: str) -> None:
    """The error has the problem and the remedy."""
    with pytest.raises(MistakeError) as caught:
        read_leaf(leaf)

    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
