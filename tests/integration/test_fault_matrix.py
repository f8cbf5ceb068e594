"""
Whatever goes wrong at whatever step, nothing is lost and nothing is said twice.

Here runs the part of the matrix that has every trouble at every step in some scene, and every
family of troubles in every scene; `make faults` runs all of it.
"""

from collections.abc import Iterator

import pytest

from finding_router_local.matrix.__main__ import summary, table
from finding_router_local.matrix.cells import Cell, covering
from finding_router_local.matrix.harness import Verdict, all_cells, calls_of, matrix_stack, run
from finding_router_local.matrix.scenes import SCENES, Scene
from finding_router_local.matrix.steps import STEPS, step_of
from finding_router_local.matrix.troubles import TROUBLES
from finding_router_local.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run one stack for all cells."""
    with matrix_stack() as running:
        yield running


@pytest.fixture(scope="module")
def cells(stack: Stack) -> list[Cell]:
    """Give all cells of the matrix."""
    return all_cells(stack)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_call_is_a_step(stack: Stack, scene: Scene) -> None:
    """No call of the router is missing in the matrix but the one for the token, made once."""
    unknown = {call.operation for call in calls_of(stack, scene) if step_of(call) is None}

    assert unknown <= {"GetSecretValue"}


def test_matrix_is_whole(cells: list[Cell]) -> None:
    """Every scene, every step and every trouble has its cells."""
    assert {scene.name for scene in SCENES} == {cell.scene.name for cell in cells}
    assert {step.name for step in STEPS} == {cell.site.step.name for cell in cells}
    assert set(TROUBLES) == {cell.trouble for cell in cells}


@pytest.mark.timeout(900)
def test_nothing_is_lost_and_nothing_is_said_twice(stack: Stack, cells: list[Cell]) -> None:
    """Each cell ends well: at once, after another try, or by way of a redrive."""
    verdicts = [run(stack, cell) for cell in covering(cells)]

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
