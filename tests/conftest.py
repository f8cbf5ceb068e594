"""Fixtures of every tier."""

import fcntl
import gc
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, override

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from finding_router.delivery.limits import backoff
from finding_router.telemetry import logger
from finding_router_local.build import Built, sam_build
from rie import assemble_runtime

TESTS = Path(__file__).parent
PROJECT = TESTS.parent
GOLDEN = TESTS / "golden"
# The files that take longest start first, the longest at the top: no process ends long after the
# others. Between the build of the function and its use there is enough that nobody waits for it.
LONGEST = (
    "test_fault_matrix",
    "test_sam_build",
    "test_soak",
    "test_local_stack",
    "test_crash_points",
    "test_built_router",
    "test_local_cli",
    "test_slack_page",
)

# The time of an example depends more on the machine than on the code. A run must be red because of
# a change, not by chance; `make faults` tries more examples with fresh seeds. Examples that are the
# same each time are half as many as usual.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, max_examples=50, **UNTIMED)
settings.register_profile("fresh", derandomize=False, print_blob=True, **UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the golden files anew, to be reviewed as a diff."""
    parser.addoption("--update-goldens", action="store_true", help="write tests/golden/*.json")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest."""
    items.sort(
        key=lambda item: (
            LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)
        )
    )


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among modules and tests: an eighth of the CPU's time."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)


class ByFileAndPart(LoadFileScheduling):
    """
    Hands out the tests of a file together, but its parts from "part 1" on by themselves.

    Part 0 stays with the file: a process with no more than two tests left is given more ahead.
    """

    @override
    def _split_scope(self, nodeid: str) -> str:
        part = re.search(r"\[(part [1-9]\d*)\]$", nodeid)
        return f"{super()._split_scope(nodeid)} {part[1] if part else ''}".rstrip()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the longest files among processes."""
    return ByFileAndPart(config, log) if config.getoption("dist") == "loadfile" else None


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], str]
) -> tuple[Path, str]:
    """Return a folder that *make* fills, and its word, made once for all processes of the run."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    said = root / f"once-{name}.txt"
    with said.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            # Written only where it went well: otherwise the next one tries again.
            said.write_text(make(said.with_suffix("")), "utf-8")
    return said.with_suffix(""), said.read_text("utf-8")


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], str]], tuple[Path, str]]:
    """Return `made_once`, for what a name stands for in this run."""
    return partial(made_once, tmp_path_factory)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the template as it is built for this machine; no test may change it."""
    folder, log = made_once(
        tmp_path_factory, "built", lambda folder: sam_build(PROJECT, folder).log
    )
    return Built(folder / "RouterFunction", folder / "DependenciesLayer", log)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return Lambda's runtime, without boto3: the layer has to bring it."""
    folder, _ = made_once(tmp_path_factory, "runtime", lambda folder: str(assemble_runtime(folder)))
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, object], Any]:
    """Return a function that reads the file of a name in `tests/golden`, as it was reviewed."""

    def reviewed(name: str, value: object) -> Any:
        path = GOLDEN / f"{name}.json"
        if request.config.getoption("update_goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
        if not path.exists():
            pytest.fail(f"{path.name} is missing: look at what --update-goldens writes")

        return json.loads(path.read_text("utf-8"))

    return reviewed


@pytest.fixture(scope="module")
def in_silence() -> Iterator[None]:
    """Log nothing in a module: thousands of batches would log for longer than they take."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep unit tests from talking to anything."""
    if not request.path.is_relative_to(TESTS / "unit"):
        return

    def refuse(_socket: socket.socket, address: object) -> None:
        pytest.fail(f"a unit test connects to {address}; that belongs into tests/integration")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(autouse=True)
def _no_jitter_in_unit_tests(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Turn the jitter of back-offs off."""
    if request.path.is_relative_to(TESTS / "unit") and request.path.stem != "test_backoff":
        monkeypatch.setattr(backoff, "JITTER", 0.0)
