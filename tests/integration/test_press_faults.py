"""
With any trouble at any call of the worker, a press is done once.

This part tries each trouble with each kind of call, now and then; `make faults` tries all of it.
"""

from collections.abc import Iterator

import pytest

from examples import FACTOR
from faults.presses import ACTS, Act, Cell, cells_of, problems_of
from finding_router_local.stack import Stack

# Of so many cells one is tried: a number that no count of troubles divides.
_STRIDE = 7


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run a stack with buttons."""
    with Stack(has_actions=True) as stack:
        yield stack


@pytest.mark.parametrize("act", ACTS, ids=[each.name for each in ACTS])
def test_presses_survive_troubles(stack: Stack, act: Act) -> None:
    """Slack, GitHub, DynamoDB, Security Hub and SQS fail, and workers die."""
    cells: list[Cell] = cells_of(stack, act)
    chosen = cells if FACTOR > 1 else cells[ACTS.index(act) :: _STRIDE]

    failed = {cell.name: problems for cell in chosen if (problems := problems_of(stack, cell))}

    assert {} == failed
    assert len(cells) >= act.least
