"""The layer's models of AWS hold every operation that the router calls, as AWS describes it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape, StructureShape

from finding_router_local.build import Built, has_sam

PROJECT = Path(__file__).parents[2]
sys.path.append(str(PROJECT / "layers"))

from aws_models import OPERATIONS, WITHOUT_MEMBERS  # noqa: E402 -- a script beside the source

CLIENT = re.compile(r"(^|[._])client(\([^()]*\))?$")
EVERY_OPERATION = [
    (service, name) for service, names in OPERATIONS.items() for name in sorted(names)
]
needs_sam = pytest.mark.skipif(
    not has_sam(PROJECT), reason="the SAM CLI is not here: `make build` installs it"
)


def calls(source: str) -> Iterator[str]:
    """Yield the names of the methods that *source* calls on clients of AWS."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr=name), args=arguments):
                if not CLIENT.search(ast.unparse(receiver)):
                    continue
                if name == "get_paginator":
                    [argument] = arguments
                    assert isinstance(argument, ast.Constant)
                    yield str(argument.value)
                else:
                    yield name


def test_every_call_in_the_source_has_its_operation() -> None:
    """A new call needs a line in layers/aws_models.py, and a call that is gone gives it up."""
    sources = (PROJECT / "src" / "finding_router").rglob("*.py")
    called = {name for path in sources for name in calls(path.read_text("utf-8"))}

    assert {xform_name(name) for _, name in EVERY_OPERATION} == called


def test_calls_are_found_however_a_client_is_held() -> None:
    """The check above sees attributes, functions and paginators."""
    source = """
        self._client.put_item(); self.client.get_paginator("query").paginate()
        _client("ssm").get_parameter(); other.method()
    """

    assert {"put_item", "query", "get_parameter"} == set(calls(source.replace("  ", "")))


@needs_sam
@pytest.mark.parametrize(("service", "name"), EVERY_OPERATION)
def test_operation_is_described_as_by_botocore(built: Built, service: str, name: str) -> None:
    """Every field that is sent or read has the same name, place and type."""
    trimmed = operation(built.layer / "python" / "botocore" / "data", service, name)
    whole = operation(None, service, name)

    assert described(whole, service) == described(trimmed, service)


@needs_sam
def test_paginators_and_endpoints_are_botocores(built: Built) -> None:
    """Pages follow one another, and each Region has its address, as before."""
    data = str(built.layer / "python" / "botocore" / "data")
    trimmed = Loader(extra_search_paths=[data], include_default_search_paths=False)
    whole = Loader()
    pages = [
        (load.load_service_model(service, "paginators-1")["pagination"], name)
        for service, name in [("dynamodb", "Query"), ("securityhub", "GetFindings")]
        for load in (trimmed, whole)
    ]
    rules = {
        service: [
            load.load_service_model(service, "endpoint-rule-set-1") for load in (trimmed, whole)
        ]
        for service in OPERATIONS
    }

    assert pages[0][0]["Query"] == pages[1][0]["Query"]
    assert pages[2][0]["GetFindings"] == pages[3][0]["GetFindings"]
    assert all(one == other for one, other in rules.values())
    for one, other in zip(
        trimmed.load_data("endpoints")["partitions"],
        whole.load_data("endpoints")["partitions"],
        strict=True,
    ):
        assert set(one["services"]) == set(other["services"]) & {*OPERATIONS, "sts"}
        assert all(one["services"][name] == other["services"][name] for name in one["services"])
        assert {**other, "services": None} == {**one, "services": None}


def test_missing_service_stops_the_build(tmp_path: Path) -> None:
    """Rather than to ship a function that cannot call it."""
    (tmp_path / "botocore" / "data").mkdir(parents=True)

    run = subprocess.run(
        [sys.executable, str(PROJECT / "layers" / "aws_models.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 1 == run.returncode
    assert "botocore knows no dynamodb" in run.stderr


def operation(data: Path | None, service: str, name: str) -> OperationModel:
    """Return the model of an operation in *data*, or botocore's own."""
    loader = Loader(
        extra_search_paths=[str(data)] if data else [],
        include_default_search_paths=data is None,
    )
    return ServiceModel(loader.load_service_model(service, "service-2"), service).operation_model(
        name
    )


def described(model: OperationModel, service: str) -> dict[str, Any]:
    """Return all that a call of *model* needs to know."""
    shapes: dict[str, Any] = {}
    for shape in (model.input_shape, model.output_shape, *model.error_shapes):
        if shape is not None:
            describe(shape, shapes, WITHOUT_MEMBERS.get(service, ()))
    return {
        "http": model.http,
        "input": model.input_shape and model.input_shape.name,
        "output": model.output_shape and model.output_shape.name,
        "errors": [shape.name for shape in model.error_shapes],
        "protocol": model.service_model.metadata,
        "shapes": shapes,
    }


def describe(shape: Shape, shapes: dict[str, Any], without_members: tuple[str, ...]) -> None:
    """Add *shape* and what it leads to, but nothing within those *without_members*."""
    if shape.name in shapes:
        return
    inner = {}
    if isinstance(shape, StructureShape) and shape.name not in without_members:
        inner = dict(shape.members)
    inner |= {
        name: each
        for name in ("member", "key", "value")
        if isinstance(each := getattr(shape, name, None), Shape)
    }
    shapes[shape.name] = (
        shape.type_name,
        {**shape.metadata, **shape.serialization},
        {name: (each.name, each.serialization) for name, each in inner.items()},
    )
    for each in inner.values():
        describe(each, shapes, without_members)
