"""
With any trouble at any step, nothing is lost and nothing is posted twice.

This part of the matrix has every trouble at every step in some scene, and every family of troubles
in every scene; `make faults` runs all of it.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from faults.matrix import troubles
from faults.matrix.__main__ import main, summary, table
from faults.matrix.cells import Cell, covering
from faults.matrix.harness import (
    Survey,
    Verdict,
    all_cells,
    calls_of,
    matrix_stack,
    run,
    survey_of,
)
from faults.matrix.scenes import SCENES, Scene
from faults.matrix.steps import STEPS, step_of
from faults.matrix.troubles import TROUBLES
from finding_router.slack.api import refusals
from finding_router_local.stack import Stack

CODES: Final = [
    (refusals.CHANNEL_CODES, troubles.CHANNEL_CODES),
    (refusals.CREDENTIAL_CODES, troubles.CREDENTIAL_CODES),
    (refusals.MESSAGE_CODES, troubles.MESSAGE_CODES),
    (refusals.GONE_CODES, troubles.GONE_CODES),
    (refusals.AMBIGUOUS_CODES, troubles.AMBIGUOUS_CODES),
]
type Once = Callable[[str, Callable[[Path], str]], tuple[Path, str]]
# Each part has its own stack where it runs in a process of its own: the steps are those of both.
PARTS: Final = 2
PARTED: Final = pytest.mark.parametrize(
    "part", range(PARTS), ids=[f"part {number}" for number in range(PARTS)]
)
# The calls that each scene makes, counted where it makes several.
SITES: Final[Mapping[str, Sequence[str]]] = {
    "card": (
        "read routes 1",
        "read ledger 1",
        "read digest 1",
        "slot 1",
        "slot 2",
        "note channel 1",
        "claim 1",
        "record 1",
        "ask status 1",
        "mark 1",
        "remember NOTIFIED 1",
        "take from queue 1",
        "read channels 1",
        "post 1",
        "put off 1, after post 1 / service_unavailable",
        "search channel 1, after post 1 / connection lost after",
        "list channels 1, after post 1 / after the call",
        "record 2",
    ),
    "digest": (
        "read routes 1",
        "read ledger 1",
        "read digest 1",
        "slot 1",
        "slot 4",
        "note channel 1",
        "note channel 4",
        "claim 1",
        "claim 4",
        "record 1",
        "open digest 1",
        "record parent 1",
        "record parent 2",
        "put lines 1",
        "count 1",
        "ask status 1",
        "mark 1",
        "remember NOTIFIED 1",
        "remember NOTIFIED 4",
        "take from queue 1",
        "read channels 1",
        "post 1",
        "post 2",
        "post 3",
        "put off 1, after post 1 / service_unavailable",
        "search channel 1, after post 1 / connection lost after",
        "search channel 1, after post 2 / connection lost after",
        "search thread 1, after post 3 / connection lost after",
        "record 9",
        "count 2",
        "read parent 1",
        "search thread 1, after post 2 / connection lost after",
    ),
    "digest goes on": (
        "read ledger 1",
        "read digest 1",
        "record parent 1",
        "record parent 2",
        "read parent 1",
        "note channel 1",
        "note channel 2",
        "claim 1",
        "claim 2",
        "slot 1",
        "put lines 1",
        "count 1",
        "record 1",
        "slot to update 1",
        "slot to update 2",
        "count lines 1",
        "ask status 1",
        "mark 1",
        "remember NOTIFIED 1",
        "remember NOTIFIED 2",
        "take from queue 1",
        "read channels 1",
        "read routes 1",
        "post 1",
        "update 1",
        "count 3",
        "record 4",
    ),
    "waited for": (
        "read routes 1",
        "read bins 1",
        "read bin 1",
        "take from bin 1",
        "ask status 1",
        "read digest 1",
        "read ledger 1",
        "open digest 1",
        "note channel 1",
        "note channel 4",
        "claim 1",
        "claim 4",
        "slot 1",
        "slot 5",
        "record parent 1",
        "record parent 2",
        "put lines 1",
        "count 1",
        "record 1",
        "mark 1",
        "remember NOTIFIED 1",
        "remember NOTIFIED 4",
        "let go 1",
        "keep last digest 1",
        "close bin 1",
        "tell trouble 1",
        "tell trouble 6",
        "read channels 1",
        "take from queue 1",
        "post 1",
        "post 2",
        "post 3",
        "count 2",
        "record 8",
        "read parent 1",
    ),
    "update": (
        "read bins 1",
        "read channels 1",
        "read routes 1",
        "read ledger 1",
        "slot to update 1",
        "slot to update 2",
        "record 1",
        "take from queue 1",
        "update 1",
    ),
    "end in digest": (
        "read bins 1",
        "read channels 1",
        "read routes 1",
        "read ledger 1",
        "count lines 1",
        "put lines 1",
        "count 1",
        "record 1",
        "read parent 1",
        "slot to update 1",
        "slot to update 2",
        "take from queue 1",
        "update 1",
        "count 3",
    ),
    "reopen": (
        "read bins 1",
        "read routes 1",
        "read ledger 1",
        "slot 1",
        "slot 2",
        "note channel 1",
        "claim 1",
        "record 1",
        "slot to update 1",
        "slot to update 2",
        "ask status 1",
        "mark 1",
        "remember NOTIFIED 1",
        "take from queue 1",
        "read channels 1",
        "post 1",
        "update 1",
        "put off 1, after post 1 / service_unavailable",
        "search thread 1, after post 1 / connection lost after",
        "record 3",
    ),
    "severity rises": (
        "read bins 1",
        "read channels 1",
        "read routes 1",
        "read ledger 1",
        "slot 1",
        "slot 2",
        "note channel 1",
        "claim 1",
        "record 1",
        "slot to update 1",
        "slot to update 2",
        "take from queue 1",
        "post 1",
        "update 1",
        "record 2",
    ),
    "two channels": (
        "read routes 1",
        "read ledger 1",
        "read digest 1",
        "slot 1",
        "slot 4",
        "note channel 1",
        "note channel 2",
        "claim 1",
        "claim 2",
        "record 1",
        "ask status 1",
        "mark 1",
        "remember NOTIFIED 1",
        "remember NOTIFIED 2",
        "take from queue 1",
        "read channels 1",
        "post 1",
        "post 2",
        "record 4",
    ),
}


# A step that comes only if the record of the killed worker's card is seen again before the others
# of its burst: a message that is posted before it tells the channel's id. "card" has it always.
# And a worker's look for overdue bins, which comes only if its last one was ten minutes ago.
BY_CHANCE: Final = {
    "card": {"read bins 1"},
    "digest": {"list channels 1, after post 1 / after the call"},
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run one stack for all cells."""
    with matrix_stack() as running:
        yield running


@pytest.fixture(scope="module")
def survey(stack: Stack, once: Once) -> Survey:
    """Return the calls of all scenes, the same for both parts."""

    def make(path: Path) -> str:
        path.write_bytes(pickle.dumps(survey_of(stack)))
        return "made"

    path, _ = once("survey", make)
    made: Survey = pickle.loads(path.read_bytes())
    return made


@pytest.fixture(scope="module")
def cells(survey: Survey) -> list[Cell]:
    """Return all cells of the matrix."""
    return all_cells(survey)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_call_is_a_step(stack: Stack, scene: Scene) -> None:
    """No call of the router is missing in the matrix but the one for the token, made once."""
    unknown = {call.operation for call in calls_of(stack, scene) if step_of(call) is None}

    assert unknown <= {"GetSecretValue"}


@pytest.mark.parametrize(("known", "codes"), CODES)
def test_router_knows_every_code(known: frozenset[str], codes: Sequence[str]) -> None:
    """The router treats each error code of Slack as the matrix expects."""
    assert set() == set(codes) - known


@PARTED
def test_each_scene_has_its_steps(cells: list[Cell], part: int) -> None:
    """Each scene makes all its calls, so that no cell of the matrix is missing."""
    steps: dict[str, set[str]] = {scene.name: set() for scene in SCENES}
    for cell in cells:
        first = f", after {cell.first.name}" if cell.first else ""
        steps[cell.scene.name].add(f"{cell.site.name}{first}")

    for name, some in BY_CHANCE.items():
        steps[name] -= some
    assert {name: set(some) for name, some in SITES.items()} == steps


def test_nothing_to_try_is_an_error(
    survey: Survey, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that no cell has is a mistake, and no success."""
    monkeypatch.setattr("sys.argv", ["matrix", "--only", "nonsense"])

    assert 1 == main(survey)
    assert "no cell's name contains 'nonsense'" in capsys.readouterr().err


def test_matrix_is_whole(cells: list[Cell]) -> None:
    """Every scene, every step and every trouble has its cells."""
    assert {scene.name for scene in SCENES} == {cell.scene.name for cell in cells}
    assert {step.name for step in STEPS} == {cell.site.step.name for cell in cells}
    assert set(TROUBLES) == {cell.trouble for cell in cells}


@pytest.mark.timeout(900)
@PARTED
def test_nothing_is_lost_and_nothing_is_said_twice(
    stack: Stack, cells: list[Cell], part: int
) -> None:
    """Each cell ends well: at once, after another try, or by way of a redrive."""
    verdicts = [run(stack, cell) for cell in covering(cells)[part::PARTS]]

    assert [] == [(each.name, each.problems) for each in verdicts if each.problems]
    assert any(each.was_dead for each in verdicts)


def test_table_counts_the_cells() -> None:
    """The table shows cells by family and scene, those that failed, and the sums."""
    verdicts = [
        Verdict(name=name, family="SQS fails", trouble=name, step="mark", scene="card")
        for name in ("one", "two")
    ]
    verdicts[1].problems.append("lost")

    lines = table(verdicts).splitlines()

    [row] = [line for line in lines if line.startswith("SQS fails")]
    assert ["2,", "1", "bad", "-"] == row.split()[2:6]
    assert lines[-1].split()[:4] == ["all", "2,", "1", "bad"]
    assert summary(verdicts, 3).startswith("2 cells: 2 troubles at 1 steps")
