"""The cells of the matrix, generated from the calls of each scene without faults."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from faults.matrix.scenes import Scene
from faults.matrix.steps import BATCHES, LIST, SLACK, Site
from faults.matrix.troubles import Trouble
from finding_router_local.faults import Effect

_LASTING_COST: Final = 4

type Pair = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One trouble at one call of one scene.

    If it *lasts*, it goes on from there until the findings are dead letters, or settled all the
    same. Only *with_history* may the app read the history of a channel. The trouble *first* causes
    the call to be made.
    """

    scene: Scene
    site: Site
    trouble: Trouble
    lasts: bool
    with_history: bool = True
    first: "Before | None" = None

    @property
    def name(self) -> str:
        """Name the cell in one line."""
        duration = "for long" if self.lasts else "once"
        scopes = "" if self.with_history else ", without channels:history"
        first = f", after {self.first.name}" if self.first else ""
        trouble = f"{self.trouble.name} {duration}{scopes}{first}"
        return f"{self.scene.name} / {self.site.name} / {trouble}"

    @property
    def most_twice(self) -> int:
        """Return how many messages may be posted twice: one that may not be searched for."""
        if self.first is not None:
            return int(self.trouble.blinds)
        return int(self.trouble.is_done and not self.with_history)

    @property
    def cost(self) -> float:
        """Return about how long it takes, in times of a card's scene."""
        # A dead worker is replaced; one that goes on has many tries and a redrive.
        once = self.scene.cost + self.trouble.kills
        return once * _LASTING_COST if self.lasts else once

    @property
    def pairs(self) -> frozenset[Pair]:
        """Return the properties that the cell covers, in pairs."""
        trouble = self.trouble
        # Starting a worker anew takes longer than all the rest, and two troubles as long as two.
        is_alike = trouble.kills or self.first is not None or trouble.is_refusal
        name = trouble.family if is_alike else trouble.kind
        return frozenset(
            {
                # One refusal is as good as another, once it is known to be one; so are the errors
                # that a client tries again.
                (trouble.family, trouble.name),
                (self.trouble.family, name, self.site.step.name),
                (self.trouble.family, self.scene.name),
                (self.site.step.name, self.scene.name),
                (self.trouble.family, self.lasts, self.with_history),
            }
        )


@dataclass(frozen=True, slots=True)
class Before:
    """A trouble that befalls *site* once, so that the router makes calls that it else does not."""

    site: Site
    trouble: Trouble

    @property
    def name(self) -> str:
        """Name it in a few words."""
        return f"{self.site.name} / {self.trouble.name}"


def cells_after(
    first: Before, scene: Scene, sites: Iterable[Site], troubles: Iterable[Trouble]
) -> list[Cell]:
    """Put *troubles* to the calls that *scene* has only after *first*; one of a family lasts."""
    troubles = list(troubles)
    cells = []
    for site in sites:
        able = [each for each in troubles if _befalls(each, site) and not each.kills]
        if site.step.service == SLACK:
            able = [each for each in able if each.is_answer and not each.is_slow]
        cells += [Cell(scene, site, each, lasts=False, first=first) for each in able]
        # A history that may never be read may not be read later either.
        lasting = [each for each in able if not each.blinds]
        cells += [
            Cell(scene, site, those[0], lasts=True, first=first)
            for those in _families(lasting).values()
        ]
    return cells


def cells_of(
    sites: Mapping[str, Sequence[Site]], scenes: Iterable[Scene], troubles: Iterable[Trouble]
) -> list[Cell]:
    """
    Put every trouble to every call of *sites*, by scene, that it can befall.

    To each call in turn, one trouble of each family lasts.
    """
    troubles = list(troubles)
    turns: Counter[str] = Counter()
    cells = []
    for scene in scenes:
        for site in sites[scene.name]:
            if scene.steps and site.step.name not in scene.steps:
                continue
            able = [each for each in troubles if _befalls(each, site, scene)]
            if scene.is_brief:
                able = _one_of_each_family(able, turns[scene.name])
                turns[scene.name] += 1
            cells += [Cell(scene, site, each, lasts=False) for each in able]
            if site.step.service == SLACK and not scene.is_brief:
                cells += [
                    Cell(scene, site, each, lasts=False, with_history=False)
                    for each in able
                    if each.is_ambiguous and site.step.name == "post"
                ]
            for family, lasting in _families(able).items():
                trouble = lasting[turns[family] % len(lasting)]
                turns[family] += 1
                cells.append(Cell(scene, site, trouble, lasts=True))
    return cells


def _one_of_each_family(troubles: Sequence[Trouble], turn: int) -> list[Trouble]:
    families: dict[str, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        if not trouble.is_slow:
            families[trouble.family].append(trouble)
    return [each[turn % len(each)] for each in families.values()]


def _families(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    families: dict[str, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        if trouble.may_last and not trouble.is_slow:
            families[trouble.family].append(trouble)
    return families


def covering(cells: Iterable[Cell]) -> list[Cell]:
    """
    Return few of *cells* that have every pair of properties that some cell has; none is slow.

    Again and again it takes the cell that adds most for its cost, the first of several. A pair is
    worth as much as the cheapest cell that has it.
    """
    cells = [cell for cell in cells if not cell.trouble.is_slow]
    pairs = [cell.pairs for cell in cells]
    value: dict[Pair, float] = {}
    for cell, some in zip(cells, pairs, strict=True):
        value |= {pair: min(value.get(pair, cell.cost), cell.cost) for pair in some}
    left = set(value)

    def worth(each: int) -> float:
        return sum(value[pair] for pair in pairs[each] & left) / cells[each].cost

    # A cell never adds more than it did before: only the best one has to be looked at again.
    best = [(-worth(each), each) for each in range(len(cells))]
    heapq.heapify(best)
    chosen = []
    while left:
        _, each = heapq.heappop(best)
        now = -worth(each)
        if best and (now, each) > best[0]:
            heapq.heappush(best, (now, each))
            continue
        chosen.append(each)
        left -= pairs[each]
    # The cells of a scene come one after the other, as in the whole matrix.
    return [cells[each] for each in sorted(_needed(chosen, pairs, cells))]


def _needed(
    chosen: Iterable[int], pairs: Sequence[frozenset[Pair]], cells: Sequence[Cell]
) -> list[int]:
    """Leave out those of *chosen* whose pairs the others have as well, the dearest first."""
    times = Counter(pair for each in chosen for pair in pairs[each])
    needed = []
    for each in sorted(chosen, key=lambda each: -cells[each].cost):
        if all(times[pair] > 1 for pair in pairs[each]):
            times.subtract(pairs[each])
        else:
            needed.append(each)
    return needed


def _befalls(trouble: Trouble, site: Site, scene: Scene | None = None) -> bool:
    step = site.step
    if step.service not in trouble.services:
        return False
    if trouble.is_about_channel and (
        step.operation == LIST or (scene and site.channel not in {"", *scene.channels})
    ):
        # The call names no channel, or the channel of the router's own notices.
        return False
    if trouble.effect is Effect.PARTIAL:
        return step.operation in BATCHES
    return trouble.operation in {"", step.operation}
