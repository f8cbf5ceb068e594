# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Trim botocore's models of AWS to the operations that the router calls.

botocore reads the whole model of a service when it makes a client of it: a megabyte of JSON for
DynamoDB alone, and the endpoints of all services in all Regions. Of each service the operations
below stay, with the shapes that they lead to. Whether one is missing shows a test that compares
them with the calls in the source, and calls each: tests/stack/test_aws_models.py.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from files import rewrite

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    "dynamodb": frozenset(
        {
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "PutItem",
            "Query",
            "TransactWriteItems",
            "UpdateItem",
        }
    ),
    "kms": frozenset({"Sign"}),
    "organizations": frozenset(
        {"DescribeOrganizationalUnit", "ListAccounts", "ListParents", "ListTagsForResource"}
    ),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "securityhub": frozenset(
        {
            "BatchUpdateFindings",
            "BatchUpdateFindingsV2",
            "CreateTicketV2",
            "GetFindings",
            "GetFindingsV2",
        }
    ),
    "sqs": frozenset({"ChangeMessageVisibilityBatch", "SendMessageBatch"}),
    "ssm": frozenset({"GetParameter"}),
}
# Of findings that GetFindings returns, their status and severity are read, not their details: half
# of the shapes of Security Hub.
WITHOUT_MEMBERS: Final = {"securityhub": ("ResourceDetails",)}
# The last is for credentials of a profile that assumes a role.
WITH_ENDPOINTS: Final = frozenset({*OPERATIONS, "sts"})
UNUSED_FILES: Final = ("examples-1.json", "waiters-2.json")


def trim(data: Path) -> None:
    """
    Trim *data*, botocore's folder of that name.

    Raises:
        SystemExit: a service or an operation is not there.

    """
    for service in sorted(path for path in data.iterdir() if path.is_dir()):
        if service.name not in OPERATIONS:
            shutil.rmtree(service)
    for name, operations in OPERATIONS.items():
        versions = sorted((data / name).glob("*/")) if (data / name).is_dir() else []
        if not versions:
            sys.exit(f"aws_models: botocore knows no {name}")
        for version in versions:
            _trim_service(version, name, operations)
    _trim_endpoints(data / "endpoints.json")


def _trim_service(folder: Path, service: str, operations: frozenset[str]) -> None:
    for name in UNUSED_FILES:
        (folder / name).unlink(missing_ok=True)
    for packed in sorted(folder.glob("*.json.gz")):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    for file in sorted(folder.glob("*.json")):
        content = json.loads(file.read_bytes())
        if file.name == "service-2.json":
            _trim_model(content, service, operations)
        if file.name.startswith("paginators-1.") and "pagination" in content:
            content["pagination"] = _only(content["pagination"], operations)
        _write(file, content)


def _trim_model(model: dict[str, Any], service: str, operations: frozenset[str]) -> None:
    missing = operations - model["operations"].keys()
    if missing:
        sys.exit(f"aws_models: {service} has no {', '.join(sorted(missing))} any more")
    model["operations"] = _only(model["operations"], operations)
    for name in WITHOUT_MEMBERS.get(service, ()):
        model["shapes"][name]["members"] = {}
    wanted: set[str] = set()
    waiting = [each["shape"] for part in model["operations"].values() for each in _shapes_of(part)]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [each["shape"] for each in _shapes_of(model["shapes"][name])]
    model["shapes"] = _only(model["shapes"], wanted)
    _drop_documentation(model)


def _shapes_of(part: object) -> Iterator[Mapping[str, Any]]:
    """Yield every reference to a shape in *part*, an operation or a shape."""
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part
        for inner in part.values():
            yield from _shapes_of(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _shapes_of(inner)


def _drop_documentation(part: object) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("documentation"), str):
            del part["documentation"]
        for inner in part.values():
            _drop_documentation(inner)


def _trim_endpoints(file: Path) -> None:
    content = json.loads(file.read_bytes())
    for partition in content["partitions"]:
        partition["services"] = _only(partition["services"], WITH_ENDPOINTS)
    _write(file, content)


def _only(items: Mapping[str, Any], names: frozenset[str] | set[str]) -> dict[str, Any]:
    return {name: item for name, item in items.items() if name in names}


def _write(file: Path, content: object) -> None:
    rewrite(file, json.dumps(content, separators=(",", ":")))


if __name__ == "__main__":
    trim(Path(sys.argv[1]) / "botocore" / "data")
