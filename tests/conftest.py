"""Fixtures of every tier."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from finding_router.delivery.limits import backoff

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"

# How long an example takes says more about the machine than about the code. A run is red for what
# was changed, not by chance; `make faults` looks for more with fresh seeds.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **UNTIMED)
settings.register_profile("fresh", derandomize=False, print_blob=True, **UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the golden files anew, to be reviewed as a diff."""
    parser.addoption("--update-goldens", action="store_true", help="write tests/golden/*.json")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, object], None]:
    """Compare a value with the file of that name in `tests/golden`."""

    def compare(name: str, value: object) -> None:
        path = GOLDEN / f"{name}.json"
        if request.config.getoption("update_goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
        if not path.exists():
            pytest.fail(f"{path.name} is missing: look at what --update-goldens writes")

        assert json.loads(path.read_text("utf-8")) == value

    return compare


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
    """Let back-offs last as long as they may."""
    if request.path.is_relative_to(TESTS / "unit") and request.path.stem != "test_backoff":
        monkeypatch.setattr(backoff, "JITTER", 0.0)
