"""The event-pattern language: the meaning of a pattern, and the refusal of others."""

from itertools import product
from typing import Any, ClassVar

import pytest

from finding_router.errors import ConfigurationError
from finding_router.routing.patterns.pattern import PatternError, compile_pattern

type Json = dict[str, Any]


def verdict(pattern: Json, event: Json) -> bool:
    """Compile and compare."""
    return compile_pattern(pattern).matches(event)


class TestFields:
    """Every field must agree, and any value of its list will do."""

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            ({"Region": "eu-west-1", "Severity": {"Label": "HIGH"}}, True),
            ({"Region": "eu-west-1", "Severity": {"Label": "CRITICAL"}, "Title": "a"}, True),
            ({"Region": "eu-west-1", "Severity": {"Label": "LOW"}}, False),
            ({"Region": "eu-west-1", "Severity": "HIGH"}, False),
            ({"Region": "eu-west-1"}, False),
            ({"Severity": {"Label": "HIGH"}}, False),
            ({}, False),
        ],
    )
    def test_all_fields_agree(self, event: Json, expected: bool) -> None:  # noqa: FBT001 -- a verdict
        """Fields that a pattern does not mention do not matter."""
        pattern = {"Region": ["eu-west-1"], "Severity": {"Label": ["CRITICAL", "HIGH"]}}

        assert expected == verdict(pattern, event)

    KINDS: ClassVar[list[list[object]]] = [
        ["5"],
        [5, 5.0],
        [0, -0.0],
        ["0"],
        [1],
        [True],
        [False],
        [None],
        ["null"],
        [""],
        [1e20, 10**20],
        [10**20 + 1],
        [10**400],
    ]

    def test_values_equal_those_of_their_kind(self) -> None:
        """Numbers equal numbers however they are written; nothing else equals another kind."""
        values = [(kind, value) for kind, equals in enumerate(self.KINDS) for value in equals]

        for (kind, value), (other_kind, other) in product(values, values):
            assert (kind == other_kind) == verdict({"a": [value]}, {"a": other})

    def test_a_dot_in_a_name_is_a_step(self) -> None:
        """The engine knows fields by their dotted path, however an event nests them."""
        spellings = [
            {"a.b": {"c": [1]}},
            {"a": {"b.c": [1]}},
            {"a.b.c": [1]},
            {"a": {"b": {"c": [1]}}},
        ]
        values: list[Json] = [{"a.b": {"c": 1}}, {"a": {"b.c": 1}}, {"a.b.c": 1}]

        assert all(verdict(pattern, event) for pattern in spellings for event in values)
        assert not verdict({"a.b": [1]}, {"a.c": 1, "a": 1, "b": 1, "a.b.c": 1, "x.b": 1})

    def test_a_field_of_the_event_that_is_no_leaf_is_not_there(self) -> None:
        """A pattern for a field is about its values, not about the fields inside it."""
        event: Json = {"a": {"b": 1}, "c": [], "d": {}, "e": [[], {}]}

        assert not any(verdict({name: [{"exists": True}]}, event) for name in event)
        assert all(verdict({name: [{"exists": False}]}, event) for name in event)


class TestArrays:
    """Fields below one array agree in the same element of it."""

    PUBLIC_BUCKET: ClassVar[Json] = {
        "Resources": {"Type": ["Bucket"], "Tags": {"exposure": ["public"]}}
    }

    def test_fields_agree_in_one_element(self) -> None:
        """A public bucket is not a bucket beside something public."""
        public_bucket = {"Type": "Bucket", "Tags": {"exposure": "public"}}
        bucket = {"Type": "Bucket", "Tags": {"exposure": "private"}}
        public_role = {"Type": "Role", "Tags": {"exposure": "public"}}

        assert verdict(self.PUBLIC_BUCKET, {"Resources": [bucket, public_bucket, public_role]})
        assert not verdict(self.PUBLIC_BUCKET, {"Resources": [bucket, public_role]})

    def test_any_string_of_an_array_will_do(self) -> None:
        """Several fields, or several strings, may each agree with another one."""
        event = {"Types": ["a", "b"], "Ports": [22, 443]}

        assert verdict({"Types": ["x", "b"], "Ports": [443]}, event)
        assert not verdict({"Types": ["x"], "Ports": [443]}, event)

    def test_anything_but_needs_one_element_that_differs(self) -> None:
        """An array is not refused for one of its elements."""
        pattern: Json = {"Types": [{"anything-but": "a"}]}

        assert verdict(pattern, {"Types": ["a", "b"]})
        assert not verdict(pattern, {"Types": ["a", "a"]})
        assert not verdict(pattern, {"Types": []})

    def test_elements_of_nested_arrays_are_chosen_together(self) -> None:
        """An element inside an element is one choice, wherever the arrays stand."""
        pattern: Json = {"a": {"x": [1], "b": {"y": [1], "z": [1]}}}
        agreeing = {"x": 1, "b": [{"y": 0, "z": 1}, {"y": 1, "z": 1}]}
        split_inside = {"x": 1, "b": [{"y": 1}, {"z": 1}]}
        split_outside = [{"x": 1, "b": [{"y": 0}]}, {"x": 0, "b": [{"y": 1, "z": 1}]}]

        assert verdict(pattern, {"a": [split_inside, agreeing]})
        assert verdict(pattern, {"a": [[split_inside], [agreeing]]})
        assert not verdict(pattern, {"a": [split_inside, {}]})
        assert not verdict(pattern, {"a": split_outside})
        assert not verdict(pattern, {"a": [[split_outside[0]], [split_outside[1]]]})

    def test_separate_arrays_are_chosen_from_separately(self) -> None:
        """The element chosen in one array does not affect another array."""
        event = {"a": [{"x": 1, "y": 0}, {"x": 0, "y": 1}], "b": [{"x": 0}, {"x": 1}]}

        assert verdict({"a": {"x": [1]}, "b": {"x": [1]}}, event)
        assert not verdict({"a": {"x": [1], "y": [1]}, "b": {"x": [1]}}, event)

    def test_an_array_in_an_array_is_an_element(self) -> None:
        """Strings deep in one element do not go with an object in another."""
        pattern: Json = {"a": ["s"], "a.k": [1]}

        assert verdict(pattern, {"a": [["s", {"k": 1}], [{"k": 2}]]})
        assert verdict(pattern, {"a": ["s", [{"k": 1}], [{"k": 2}]]})
        assert not verdict(pattern, {"a": [["s", {"k": 2}], [{"k": 1}]]})

    def test_a_chosen_element_stays_chosen_for_fields_around_it(self) -> None:
        """The field after a deeper one is compared where the deeper one was found."""
        pattern: Json = {"a": {"b": {"c": [1]}, "z": [1]}}

        assert verdict(pattern, {"a": [{"b": [{"c": 0}, {"c": 1}], "z": 1}, {"z": 0}]})
        assert not verdict(pattern, {"a": [{"b": [{"c": 0}, {"c": 1}], "z": 0}, {"z": 1}]})


class TestAbsence:
    """A field may be absent where the fields before it were found."""

    UNTAGGED: ClassVar[Json] = {"Resources": {"Id": ["i-1"], "Tags": {"team": [{"exists": False}]}}}

    def test_a_field_is_absent(self) -> None:
        """Null is a value, and so is an empty string."""
        pattern: Json = {"Note": {"Text": [{"exists": False}]}}

        assert all(verdict(pattern, event) for event in ({}, {"Note": {}}, {"Note": "Text"}))
        assert not any(verdict(pattern, {"Note": {"Text": text}}) for text in (None, "", [0]))

    def test_absent_or_a_value(self) -> None:
        """Absence stands in the list like any other value."""
        pattern: Json = {"Status": [{"exists": False}, "FAILED"], "Region": ["a"]}

        assert verdict(pattern, {"Region": "a"})
        assert verdict(pattern, {"Region": "a", "Status": "FAILED"})
        assert not verdict(pattern, {"Region": "a", "Status": "PASSED"})
        assert not verdict(pattern, {"Status": "FAILED"})

    def test_absence_is_looked_for_in_the_chosen_element(self) -> None:
        """That another element has the field does not matter."""
        tagged = {"Id": "i-2", "Tags": {"team": "red"}}

        assert verdict(self.UNTAGGED, {"Resources": [{"Id": "i-1"}, tagged]})
        assert verdict(self.UNTAGGED, {"Resources": {"Id": "i-1"}})
        assert not verdict(self.UNTAGGED, {"Resources": [tagged | {"Id": "i-1"}, {"Id": "i-3"}]})

    def test_absence_before_any_choice_is_absence_everywhere(self) -> None:
        """Fields are compared in the order of their paths, as the engine does it."""
        pattern: Json = {"Resources": {"Account": [{"exists": False}], "Id": ["i-1"]}}

        assert not verdict(pattern, {"Resources": [{"Id": "i-1"}, {"Account": "1"}]})
        assert verdict(pattern, {"Resources": [{"Id": "i-1"}, {"Id": "i-2"}]})

    def test_absence_inside_and_around_a_chosen_element(self) -> None:
        """A field that is in an array of the chosen element, or outside of any, is there."""
        pattern: Json = {"a": {"b": {"x": [1]}, "c": {"y": [{"exists": False}]}}}
        chosen = {"b": [{"x": 1}, {"x": 2}]}

        assert verdict(pattern, {"a": [chosen, {"c": [{"y": 1}, {}]}]})
        assert not verdict(pattern, {"a": [chosen | {"c": [{"y": 1}, {}]}, {}]})
        assert not verdict(
            {"a.b": [{"exists": True}], "a.c": [{"exists": False}]}, {"a.b": 1, "a.c": 1}
        )

    def test_fields_are_ordered_as_in_java(self) -> None:
        """Characters beyond 16 bits come before the last ones within them."""
        pattern: Json = {"a": {"\U00010000": ["x"], "\ufffd": [{"exists": False}]}}

        assert verdict(pattern, {"a": [{"\U00010000": "x"}, {"\ufffd": "y"}]})


class TestAlternatives:
    """$or: one of its maps must match, together with the fields beside it."""

    PATTERN: ClassVar[Json] = {
        "Region": ["eu"],
        "$or": [{"Severity": {"Label": ["HIGH"]}}, {"Severity": {"Score": [7]}, "Type": ["x"]}],
    }

    @pytest.mark.parametrize(
        ("event", "expected"),
        [
            ({"Region": "eu", "Severity": {"Label": "HIGH"}}, True),
            ({"Region": "eu", "Severity": {"Score": 7}, "Type": "x"}, True),
            ({"Region": "eu", "Severity": {"Score": 7}}, False),
            ({"Region": "us", "Severity": {"Label": "HIGH"}}, False),
            ({"Region": "eu"}, False),
        ],
    )
    def test_one_alternative_agrees(self, event: Json, expected: bool) -> None:  # noqa: FBT001 -- a verdict
        """All fields of an alternative must agree."""
        assert expected == verdict(self.PATTERN, event)

    def test_alternatives_at_any_level(self) -> None:
        """Alternatives below a field are about its fields, and may have alternatives themselves."""
        pattern: Json = {
            "a": {"$or": [{"x": [1]}, {"y": [1], "$or": [{"z": [1]}, {"z": [2]}]}]},
            "$or": [{"b": [1]}, {"c": [1]}],
        }

        assert verdict(pattern, {"a": {"x": 1}, "c": 1})
        assert verdict(pattern, {"a": {"y": 1, "z": 2}, "b": 1})
        assert not verdict(pattern, {"a": {"y": 1, "z": 3}, "b": 1})
        assert not verdict(pattern, {"a": {"x": 1}})

    def test_an_alternative_agrees_in_the_same_element(self) -> None:
        """Fields beside $or and in it are below one array: the same element must have both."""
        pattern: Json = {"a": {"x": [1], "$or": [{"y": [1]}, {"z": [1]}]}}

        assert verdict(pattern, {"a": [{"x": 1, "z": 1}, {"y": 1}]})
        assert not verdict(pattern, {"a": [{"x": 1}, {"y": 1, "z": 1}]})

    def test_a_field_written_again_replaces_the_first(self) -> None:
        """The later of two that an alternative has of one path counts, as in the engine."""
        after: Json = {"a": ["x"], "$or": [{"a": ["y"]}, {"b": [1]}]}
        before: Json = {"$or": [{"a": ["y"]}, {"b": [1]}], "a": ["x"]}

        assert [True, True, False] == [
            verdict(after, event) for event in ({"a": "y"}, {"a": "x", "b": 1}, {"a": "x"})
        ]
        assert [False, True] == [verdict(before, event) for event in ({"a": "y"}, {"a": "x"})]

    def test_a_thousand_combinations_are_enough(self) -> None:
        """EventBridge has the same limit."""
        ten: list[Json] = [{f"f{number}": [1]} for number in range(10)]
        cubed: Json = {"a": {"$or": ten}, "b": {"$or": ten}, "c": {"$or": ten}}

        assert 1000 == len(compile_pattern(cubed).rules)
        with pytest.raises(PatternError, match=r"d\.\$or\.1: makes more than 1000 combinations"):
            compile_pattern(cubed | {"d": {"$or": ten[:2]}})


class TestRefusal:
    """An invalid pattern is refused, with its path, the problem and the remedy."""

    @pytest.mark.parametrize(
        ("pattern", "path", "problem"),
        [
            ([], "", "is a list"),
            (None, "", "is null"),
            ({}, "", "is an empty map"),
            ({"a": {}}, "a", "is an empty map"),
            ({"a": {"b": []}}, "a.b", "is an empty list"),
            ({"a": {"b": "HIGH"}}, "a.b", 'is the text "HIGH", not a list'),
            ({"a": None}, "a", "is null, not a list"),
            ({"a": [{"regex": "x"}]}, "a", 'has an unknown test "regex"'),
            ({"$or": "x"}, "$or", "is no list of alternatives"),
            ({"a": {"$or": {"b": [1]}}}, "a.$or", "is no list of alternatives"),
            ({"$or": [{"a": [1]}]}, "$or", "is no list of alternatives"),
            ({"$or": [{"a": [1]}, "x"]}, "$or.1", 'is the text "x"'),
            ({"$or": [{}, {"a": [1]}]}, "$or.0", "is an empty map"),
            ({"b": {"$or": [{"a": [1]}, {"c": {"d": [[]]}}]}}, "b.$or.1.c.d", "has a list in it"),
            ({"$or": [{"prefix": ["x"]}, {"a": [1]}]}, "$or.0.prefix", "is the name of a test"),
            ({"$or": [{"a": {"=": [1]}}, {"a": [1]}]}, "$or.0.a.=", "is the name of a test"),
        ],
    )
    def test_refusal_names_path_and_problem(self, pattern: Any, path: str, problem: str) -> None:
        """The message has the path, the problem, and a valid form."""
        with pytest.raises(PatternError) as caught:
            compile_pattern(pattern)

        error = caught.value
        assert path == error.path
        assert problem in error.problem
        assert f"{path or 'the pattern'}: {error.problem}; {error.remedy}" == str(error)

    def test_refusal_is_a_configuration_error_and_a_value_error(self) -> None:
        """Those who know nothing of patterns can catch it, too."""
        error = PatternError("a", "is odd", "make it even")

        assert isinstance(error, ConfigurationError)
        assert isinstance(error, ValueError)

    def test_names_of_tests_are_fields_outside_of_alternatives(self) -> None:
        """Only inside $or does the engine take them for a mistake."""
        assert verdict({"prefix": ["x"], "a": {"exists": [1]}}, {"prefix": "x", "a": {"exists": 1}})

    def test_too_many_fields(self) -> None:
        """The engine stops at the same number."""
        fields: Json = {f"f{number}": [1] for number in range(256)}

        assert 256 == len(compile_pattern(fields).rules[0])
        with pytest.raises(PatternError, match="one more: is one of more than 256 fields"):
            compile_pattern(fields | {"one more": [1]})
