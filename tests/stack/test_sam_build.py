"""SAM takes the template as it is, and builds the promised files: compiled, and no more."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from finding_router_local.build import Built, has_sam, sam_build

PROJECT = Path(__file__).parents[2]
# https://docs.python.org/3/library/py_compile.html: flags 1 are a hash that nothing checks.
UNCHECKED_HASH = b"\x01\x00\x00\x00"

pytestmark = pytest.mark.skipif(
    not has_sam(PROJECT), reason="the SAM CLI is not here: `make build` installs it"
)


@pytest.fixture(scope="module")
def built_for_arm(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the router and its layer for arm64, as they are deployed."""
    folder = tmp_path_factory.mktemp("arm")
    return sam_build(PROJECT, folder, architecture="arm64", only="RouterFunction")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below *folder*."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_function_is_the_router_alone_and_compiled(built: Built) -> None:
    """Each module of finding_router with its bytecode, and nothing else."""
    source = PROJECT / "src" / "finding_router"
    modules = {path.relative_to(source.parent) for path in source.rglob("*.py")}
    bytecode = {
        path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
        for path in modules
    }

    assert {str(path) for path in modules | bytecode} == set(files(built.task))


def test_every_module_of_the_layer_is_compiled(built: Built) -> None:
    """Python never compiles anything at a cold start."""
    python = built.layer / "python"
    missing = [
        str(path.relative_to(python))
        for path in python.rglob("*.py")
        if not Path(importlib.util.cache_from_source(str(path))).is_file()
    ]

    assert [] == missing


def test_bytecode_does_not_depend_on_dates(built: Built) -> None:
    """Python loads it without a look at the source's date, which a zip may change."""
    compiled = [*built.layer.rglob("*.pyc"), *built.task.rglob("*.pyc")]

    assert {(importlib.util.MAGIC_NUMBER, UNCHECKED_HASH)} == {
        (path.read_bytes()[:4], path.read_bytes()[4:8]) for path in compiled
    }


def test_tracebacks_name_the_path_in_lambda(built: Built) -> None:
    """Not the folder of the build."""
    content = b"".join(path.read_bytes() for path in built.layer.rglob("*.pyc"))

    assert b"/opt/python/slack_sdk/" in content
    assert str(built.layer).encode() not in content


def test_layer_holds_what_the_lock_file_names(built: Built) -> None:
    """Every locked package is there, and botocore knows the services that the router calls."""
    python = built.layer / "python"

    assert {
        "annotated_types",
        "aws_lambda_powertools",
        "aws_xray_sdk",
        "botocore",
        "dateutil",
        "jmespath",
        "pydantic",
        "pydantic_core",
        "six.py",
        "slack_sdk",
        "typing_extensions.py",
        "typing_inspection",
        "tzdata",
        "urllib3",
        "wrapt",
    } == {path.name for path in python.iterdir()} - {"__pycache__"}
    assert {"dynamodb", "kms", "organizations", "secretsmanager", "securityhub", "sqs", "ssm"} == {
        path.name for path in (python / "botocore" / "data").iterdir() if path.is_dir()
    }


def test_no_file_is_shared_with_the_installers_cache(built: Built) -> None:
    """The build's scripts write to files: a link would change every other environment, too."""
    linked = [
        path
        for path in built.layer.rglob("*")
        if path.is_file() and path.stat().st_nlink > 1 and not path.is_symlink()
    ]

    assert [] == linked


def test_function_and_layer_are_far_below_lambdas_limit(built: Built) -> None:
    """Lambda takes 250 MB; what is unpacked at each cold start is kept below 60."""
    sizes = map(len, [*files(built.layer).values(), *files(built.task).values()])

    assert sum(sizes) < 60_000_000


def test_layer_knows_the_time_zones_of_the_world(built: Built) -> None:
    """Also where the system has no database of them."""
    python = built.layer / "python"
    known = (
        "import zoneinfo; zoneinfo.ZoneInfo('Europe/Zurich');"
        "print(len(zoneinfo.available_timezones()))"
    )

    run = subprocess.run(
        [sys._base_executable, "-S", "-c", known],  # type: ignore[attr-defined]  # not a venv's
        env={"PYTHONPATH": str(python), "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 0 == run.returncode, run.stderr
    assert int(run.stdout) > 500


def test_build_tells_what_weighs_most(built: Built) -> None:
    """Both parts, stored and zipped."""
    assert "Function: " in built.log
    assert "MB zipped)" in built.log
    assert "heaviest (MB): pydantic_core" in built.log


def test_layer_is_for_the_processor_that_is_asked_for(built_for_arm: Built) -> None:
    """The parameter Architecture decides, not the machine of the build."""
    libraries = [path.name for path in built_for_arm.layer.rglob("*.so")]

    assert libraries
    assert [] == [name for name in libraries if "aarch64" not in name]


def test_second_build_is_the_same(built_for_arm: Built, tmp_path: Path) -> None:
    """Byte for byte, so that an unchanged layer is not deployed again."""
    for folder, name in (
        (PROJECT / "layers" / "dependencies" / "arm64", "DependenciesLayer"),
        (PROJECT / "src", "RouterFunction"),
    ):
        artifacts = tmp_path / name
        artifacts.mkdir()
        # As SAM calls it.
        subprocess.run(
            [
                "make",
                "--silent",
                "--makefile",
                str(folder / "Makefile"),
                f"build-{name}",
                f"ARTIFACTS_DIR={artifacts}",
            ],
            cwd=folder,
            capture_output=True,
            timeout=120,
            check=True,
        )

    assert files(built_for_arm.layer) == files(tmp_path / "DependenciesLayer")
    assert files(built_for_arm.task) == files(tmp_path / "RouterFunction")


ODD_ROUTES = """
import sys
from finding_router.edits import handler
from finding_router.lint.table import odd_items
from finding_router.routing.table import RoutingTable

assert "boto3" not in sys.modules
routes = [
    {"Severity": {"Label": ["Critical"]}},
    {"Gravity": {"Label": ["CRITICAL"]}},
    {"Resources": {"Details": {"AwsS3Bucket": {"OwnerName": ["x"]}}}},
    {"Region": ["eu-west-9"]},
    {"ProductArn": [{"suffix": "/aws/gardduty"}]},
]
table = RoutingTable.from_items(
    [
        {"kind": "route", "name": str(number), "channel": "#a", "match": match}
        for number, match in enumerate(routes)
    ],
    default_channel="#default",
)
print(*sorted(each.name for each in odd_items(table)))
"""


def test_what_answers_edits_works_with_what_is_deployed(built: Built) -> None:
    """The trimmed models know fields, values and Regions, but no details of resources."""
    run = subprocess.run(
        [sys.executable, "-S", "-c", ODD_ROUTES],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{built.task}:{built.layer / 'python'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "0 1 3 4" == run.stdout.strip(), run.stderr


def test_both_functions_are_built(built: Built) -> None:
    """From the same code."""
    folder = built.task.parent

    assert files(folder / "RouterFunction") == files(folder / "EditsFunction")
