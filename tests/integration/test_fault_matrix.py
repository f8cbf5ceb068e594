"""
With any trouble at any step, nothing is lost and nothing is posted twice.

This part of the matrix has every kind of trouble at every step in some scene, every trouble at some
step, and every family of troubles in every scene; `make faults` runs all of it.
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
from faults.matrix.steps import SLACK, STEPS
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
# The steps of each scene; calls of Slack are counted, of which each is a step.
SITES: Final[Mapping[str, Sequence[str]]] = {
    "card": (
        "read routes",
        "read ledger",
        "read digest",
        "slot",
        "note channel",
        "claim",
        "record",
        "ask status",
        "mark",
        "remember NOTIFIED",
        "read bins",
        "tally",
        "take from queue",
        "read channels",
        "post 1",
        "put off, after post 1 / service_unavailable",
        "search channel 1, after post 1 / connection lost after",
        "list channels 1, after post 1 / after the call",
    ),
    "digest": (
        "read routes",
        "read ledger",
        "read digest",
        "read cards",
        "take cards",
        "slot",
        "note channel",
        "claim",
        "record",
        "ask status",
        "mark",
        "remember NOTIFIED",
        "read bins",
        "hand over",
        "tally",
        "take from queue",
        "open digest",
        "claim several",
        "record parent",
        "put lines",
        "count",
        "record several",
        "read parent",
        "remember several NOTIFIED",
        "read channels",
        "post 1",
        "post 2",
        "post 3",
        "put off, after post 1 / service_unavailable",
        "search channel 1, after post 1 / connection lost after",
        "search thread 1, after post 1 / connection lost after",
        "search channel 1, after post 2 / connection lost after",
        "search thread 1, after post 2 / connection lost after",
        "search thread 1, after post 3 / connection lost after",
        "list channels 1, after post 1 / after the call",
    ),
    "digest goes on": (
        "read ledger",
        "read digest",
        "hand over",
        "tally",
        "take from queue",
        "record parent",
        "read parent",
        "claim several",
        "slot",
        "put lines",
        "count",
        "record several",
        "slot to update",
        "count lines",
        "ask status",
        "mark",
        "remember several NOTIFIED",
        "read channels",
        "read routes",
        "post 1",
        "update 1",
    ),
    "waited for": (
        "read routes",
        "read bins",
        "read bin",
        "take from bin",
        "ask status",
        "read ledger",
        "read digest",
        "open digest",
        "claim several",
        "slot",
        "record parent",
        "put lines",
        "count",
        "record several",
        "read parent",
        "mark",
        "read channels",
        "remember several NOTIFIED",
        "let go",
        "keep last digest",
        "close bin",
        "tell trouble",
        "tally",
        "take from queue",
        "post 1",
        "post 2",
        "post 3",
    ),
    "update": (
        "read channels",
        "read routes",
        "read ledger",
        "slot to update",
        "record",
        "read bins",
        "tally",
        "take from queue",
        "update 1",
    ),
    "end in digest": (
        "read channels",
        "read routes",
        "read ledger",
        "count lines",
        "put lines",
        "count",
        "record",
        "read parent",
        "slot to update",
        "read bins",
        "tally",
        "take from queue",
        "update 1",
    ),
    "reopen": (
        "read routes",
        "read ledger",
        "slot",
        "note channel",
        "claim",
        "record",
        "slot to update",
        "ask status",
        "mark",
        "remember NOTIFIED",
        "read bins",
        "tally",
        "take from queue",
        "read channels",
        "post 1",
        "update 1",
        "put off, after post 1 / service_unavailable",
        "search thread 1, after post 1 / connection lost after",
    ),
    "severity rises": (
        "read channels",
        "read routes",
        "read ledger",
        "slot",
        "note channel",
        "claim",
        "record",
        "slot to update",
        "read bins",
        "tally",
        "take from queue",
        "post 1",
        "update 1",
    ),
    "reminder": (
        "read routes",
        "read bins",
        "read due",
        "read digest",
        "read ledger",
        "ask status",
        "open digest",
        "slot",
        "post 1",
        "record parent",
        "put due",
        "delete due",
    ),
    "two channels": (
        "read routes",
        "read ledger",
        "read digest",
        "slot",
        "note channel",
        "claim",
        "record",
        "ask status",
        "mark",
        "remember several NOTIFIED",
        "tally",
        "take from queue",
        "read channels",
        "record several",
        "post 1",
        "post 2",
    ),
    "both hubs": (
        "ask status in V2",
        "mark in V2",
    ),
}


# A step that comes only if the record of the killed worker's card is seen again before the others
# of its burst: a message that is posted before it tells the channel's id. "card" has it always.
BY_CHANCE: Final = {
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
def test_every_call_is_a_step(survey: Survey, scene: Scene) -> None:
    """No call of the router is missing in the matrix but those that a worker makes once."""
    assert not survey.unknown[scene.name]


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
        is_slack = cell.site.step.service == SLACK
        name = cell.site.name if is_slack else cell.site.step.name
        steps[cell.scene.name].add(f"{name}{first}")

    expected = {name: set(some) for name, some in SITES.items()}
    for name, some in BY_CHANCE.items():
        steps[name] -= some
        expected[name] -= some
    assert expected == steps


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


def test_part_of_it_covers_every_pair(cells: list[Cell]) -> None:
    """The cells that run here have each pair that any cell has, but those of slow troubles."""
    every = {pair for cell in cells if not cell.trouble.is_slow for pair in cell.pairs}

    chosen = covering(cells)

    assert every == {pair for cell in chosen for pair in cell.pairs}
    assert len(chosen) < len(cells) / 5


@pytest.mark.timeout(900)
@PARTED
def test_nothing_is_lost_and_nothing_is_said_twice(
    stack: Stack, cells: list[Cell], part: int
) -> None:
    """Each cell ends well: at once, after another try, or by way of a redrive."""
    # Routes that cannot be read stay as they were: not as another scene had them.
    calls_of(stack, SCENES[0])

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
