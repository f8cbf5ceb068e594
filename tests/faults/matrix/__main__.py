"""Run the fault matrix, print its table, and fail if a cell does: ``--covering`` runs fewer."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from faults.matrix.harness import Survey, Verdict, run_part, run_survey
from faults.matrix.scenes import SCENES
from faults.matrix.troubles import TROUBLES

_WIDTH = 16


def main(survey: Survey | None = None) -> int:
    """Return the exit code: 1 if any cell is not as it must be; *survey* is one made before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--covering", action="store_true", help="only a subset with every pair")
    parser.add_argument("--only", default="", help="only cells whose name contains this")
    parser.add_argument("--jobs", type=int, default=1, help="stacks to run at the same time")
    arguments = parser.parse_args()
    began = time.monotonic()
    jobs = arguments.jobs
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = survey or pool.submit(run_survey).result()
        parts = [
            pool.submit(run_part, found, number, jobs, arguments.covering, arguments.only)
            for number in range(jobs)
        ]
        verdicts = [each for part in parts for each in part.result()]
    if not verdicts:
        sys.stderr.write(f"no cell's name contains {arguments.only!r}: nothing was tried\n")
        return 1
    said = [table(verdicts)]
    failed = [verdict for verdict in verdicts if verdict.problems]
    said.append(summary(verdicts, time.monotonic() - began))
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if failed else 0


def table(verdicts: Sequence[Verdict]) -> str:
    """Count the cells by family of troubles and by scene, and how many of them failed."""
    cells: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for verdict in verdicts:
        for key in _keys(verdict):
            cells[key] += 1
            bad[key] += bool(verdict.problems)
    scenes = [*(scene.name for scene in SCENES), "all"]
    families = [*dict.fromkeys(trouble.family for trouble in TROUBLES), "all"]
    width = max(map(len, families))
    rows = [" " * width + "".join(f"{name:>{_WIDTH}}" for name in scenes)]
    for family in families:
        counts = ((cells[family, scene], bad[family, scene]) for scene in scenes)
        rows.append(f"{family:<{width}}" + "".join(f"{_count(*each):>{_WIDTH}}" for each in counts))
    return "\n".join(rows)


def summary(verdicts: Sequence[Verdict], seconds: float) -> str:
    """Return the number of cells, and of each result."""
    steps = {verdict.step for verdict in verdicts}
    troubles = {(verdict.family, verdict.trouble) for verdict in verdicts}
    failed = sum(bool(verdict.problems) for verdict in verdicts)
    return (
        f"{len(verdicts)} cells: {len(troubles)} troubles at {len(steps)} steps; "
        f"{sum(verdict.was_dead for verdict in verdicts)} by way of DeadLetters and a redrive; "
        f"{sum(bool(verdict.messages_twice) for verdict in verdicts)} with one message twice, "
        f"all where nobody may look for it; {failed} failed; {seconds:.0f} s"
    )


def _keys(verdict: Verdict) -> list[tuple[str, str]]:
    return [
        (family, scene) for family in (verdict.family, "all") for scene in (verdict.scene, "all")
    ]


def _count(count: int, failed: int) -> str:
    return f"{count}, {failed} bad" if failed else str(count or "-")


if __name__ == "__main__":
    sys.exit(main())
