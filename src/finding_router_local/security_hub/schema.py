"""The schema of a finding, by botocore's model and the lengths in the documentation's prose."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "boolean": bool,
    "double": (int, float),
    "integer": int,
    "list": list,
    "long": int,
    "map": dict,
    "string": str,
    "structure": dict,
    "timestamp": str,
}
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html and
# asff-top-level-attributes.html
_MAX_LENGTHS: Final = {"Id": 512, "Title": 256, "Description": 1024, "Resources": 32}
# The model does not require it, the documentation does.
_SEVERITY: Final = "Severity"


@cache
def _finding_shape() -> Shape:
    model = botocore.session.get_session().get_service_model("securityhub")
    return model.shape_for("AwsSecurityFinding")


def mistakes(finding: object) -> Iterator[str]:
    """Return why BatchImportFindings refuses *finding*, a mistake each."""
    yield from wrong_types(finding)
    if not isinstance(finding, dict):
        return
    yield from _refused(finding, _finding_shape(), "")
    if not finding.get(_SEVERITY):
        yield f"{_SEVERITY} is missing"
    if finding.get("Resources") == []:
        yield "Resources is empty"
    for name, most in _MAX_LENGTHS.items():
        value = finding.get(name)
        if isinstance(value, str | list) and len(value) > most:
            yield f"{name} is longer than {most}"


def wrong_types(finding: object) -> Iterator[str]:
    """Yield types in *finding* that GetFindings never returns; unknown fields are skipped."""
    yield from _wrong_types(finding, _finding_shape(), "")


def _wrong_types(value: object, shape: Shape, path: str) -> Iterator[str]:
    expected = _TYPES.get(shape.type_name, object)
    is_number_of_yes = isinstance(value, bool) and shape.type_name != "boolean"
    if value is None:
        return
    if not isinstance(value, expected) or is_number_of_yes:
        yield f"{path or 'finding'} is no {shape.type_name}"
        return
    if isinstance(shape, MapShape):
        # Tags of collected findings hold booleans, unlike in the model.
        return
    for inner, inner_shape, inner_path in _inside(value, shape, path):
        yield from _wrong_types(inner, inner_shape, inner_path)


def _refused(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield the members that are missing or blank, and words that the model does not know."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"{path}{'.' if path else ''}{name} is missing"
    if isinstance(shape, StringShape) and isinstance(value, str):
        pattern = shape.metadata.get("pattern")
        if shape.enum and value not in shape.enum:
            yield f"{path} is none of {', '.join(shape.enum)}"
        elif pattern and not re.search(pattern, value, re.DOTALL):
            yield f"{path} is blank"
    for inner, inner_shape, inner_path in _inside(value, shape, path):
        yield from _refused(inner, inner_shape, inner_path)


def _inside(value: Any, shape: Shape, path: str) -> Iterator[tuple[Any, Shape, str]]:
    """Yield the values inside *value*, each with its shape and path."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield inner, shape.members[name], f"{path}.{name}".lstrip(".")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, inner in enumerate(value):
            yield inner, shape.member, f"{path}[{number}]"
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for name, inner in value.items():
            yield inner, shape.value, f"{path}.{name}"
