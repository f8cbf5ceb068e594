"""Find a stack that another process keeps running, and send events through it."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3

from finding_router_local.outcomes import FindingOutcome

PREFIX: Final = "/_local"
DIRECTORY: Final = ".demo"
_FILE: Final = "stack.json"
_HELLO_SECONDS: Final = 3.0
# The time that the stack needs to answer, beyond the wait for its queue.
_ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack of another process, by the address of its AWS."""

    url: str
    region: str
    queues: Mapping[str, str]
    pid: int | None = None
    """The process that keeps it running."""
    tables: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    """The environment of its function."""

    @property
    def parameters(self) -> dict[str, str]:
        """Return those parameters of the template that decide where findings go."""
        names = {
            "DefaultChannel": "DEFAULT_CHANNEL",
            "AllowSuppress": "ALLOW_SUPPRESS",
            "OrganizationNames": "ORGANIZATION_NAMES",
        }
        found = {name: self.environment.get(key) for name, key in names.items()}
        return {name: value for name, value in found.items() if value is not None}

    def send(self, events: Sequence[Mapping[str, Any]], *, seconds: float) -> list[FindingOutcome]:
        """
        Call `Stack.send` of the other process.

        Raises:
            OSError: it no longer answers.

        """
        return self._outcomes("send", seconds, {"events": list(events), "seconds": seconds})

    def wake(self, *, seconds: float) -> list[FindingOutcome]:
        """
        Call `Stack.wake` of the other process, within *seconds*.

        Raises:
            OSError: it no longer answers, or the function failed.

        """
        return self._outcomes("wake", seconds, {})

    def routes(self) -> dict[str, Any]:
        """
        Return the `items` of its RoutingTable, its `default_channel` and whether `allow_suppress`.

        Raises:
            OSError: it no longer answers.

        """
        return self._ask("GET", "/routes", timeout=_HELLO_SECONDS)

    def _outcomes(
        self, what: str, seconds: float, request: Mapping[str, Any]
    ) -> list[FindingOutcome]:
        body = self._ask("POST", f"/{what}", json=request, timeout=seconds + _ANSWER_SECONDS)
        return [FindingOutcome.from_json(each) for each in body["outcomes"]]

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        url = f"{self.url}{PREFIX}{path}"
        try:
            answer = urllib3.request(method, url, retries=False, **request)
        except urllib3.exceptions.HTTPError as error:
            raise OSError(f"the stack at {self.url} does not answer: {error}") from error
        body: dict[str, Any] = answer.json()
        if answer.status != 200:  # noqa: PLR2004 -- HTTP's OK
            raise OSError(f"the stack at {self.url} refuses: {body['problem']}")
        return body


class AlreadyRunningError(Exception):
    """Another process keeps a stack running for the same project."""

    def __init__(self, url: str, pid: int | None) -> None:
        """Name the other's address and process."""
        process = "" if pid is None else f", in process {pid}"
        super().__init__(f"a stack of this project already runs at {url}{process}")


@contextmanager
def announce(stack_id: str, url: str, root: Path) -> Iterator[None]:
    """
    Make a stack known to other processes until the end of the ``with`` block.

    *url* is the address of its AWS, *root* the project's folder.

    Raises:
        AlreadyRunningError: Another stack is known there, and runs.

    """
    path = private_folder(root) / _FILE
    refuse_second(root)
    said = {"id": stack_id, "pid": os.getpid(), "url": url}
    try:
        # Two that start at once do not take each other over.
        with path.open("x") as file:
            json.dump(said, file)
    except FileExistsError as error:
        other = json.loads(path.read_text())
        raise AlreadyRunningError(other["url"], other.get("pid")) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def refuse_second(root: Path) -> None:
    """
    Do nothing unless a stack runs for the project in *root*.

    Raises:
        AlreadyRunningError: One does.

    """
    running = find_running(root)
    if running is not None:
        raise AlreadyRunningError(running.url, running.pid)


def find_running(root: Path) -> RunningStack | None:
    """
    Return the stack that runs for the project in *root*; remove the file of a dead one.

    A stack that is too busy to answer is not returned, but keeps its file.
    """
    path = root / DIRECTORY / _FILE
    try:
        said = json.loads(path.read_text())
        there = urllib3.request(
            "GET", said["url"] + PREFIX, timeout=_HELLO_SECONDS, retries=False
        ).json()
    except (FileNotFoundError, urllib3.exceptions.ReadTimeoutError):
        return None
    except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError):
        there, said = {}, {"id": None}
    if not isinstance(there, dict) or there.get("id") is None or there["id"] != said["id"]:
        path.unlink(missing_ok=True)
        return None
    return RunningStack(
        said["url"],
        region=there["region"],
        queues=there["queues"],
        pid=said.get("pid"),
        tables=there.get("tables", {}),
        environment=there.get("environment", {}),
    )


def private_folder(root: Path) -> Path:
    """Make the folder in *root* for the files of a run; git ignores it."""
    folder = root / DIRECTORY
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    return folder
