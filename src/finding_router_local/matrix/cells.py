"""The cells of the matrix, generated from what each scene does when nothing goes wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from finding_router_local.matrix.scenes import Scene
from finding_router_local.matrix.steps import SLACK, Site
from finding_router_local.matrix.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One trouble at one call of one scene.

    Where it *lasts*, it goes on from there until the findings are dead letters, or settled all
    the same. Only *with_history* may the app look at what a channel holds.
    """

    scene: Scene
    site: Site
    trouble: Trouble
    lasts: bool
    with_history: bool = True

    @property
    def name(self) -> str:
        """Name the cell in one line."""
        duration = "for long" if self.lasts else "once"
        scopes = "" if self.with_history else ", without channels:history"
        return f"{self.scene.name} / {self.site.name} / {self.trouble.name} {duration}{scopes}"

    @property
    def pairs(self) -> frozenset[tuple[object, ...]]:
        """Give what the cell covers, two properties at a time."""
        # Starting a worker anew takes longer than all the rest.
        trouble = self.trouble.family if self.trouble.kills else self.trouble.name
        return frozenset(
            {
                (self.trouble.family, trouble, self.site.step.name),
                (self.trouble.family, self.scene.name),
                (self.site.step.name, self.scene.name),
                (self.trouble.family, self.lasts, self.with_history),
            }
        )


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
            able = [each for each in troubles if _befalls(each, site)]
            cells += [Cell(scene, site, each, lasts=False) for each in able]
            if site.step.service == SLACK:
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


def _families(troubles: Iterable[Trouble]) -> dict[str, list[Trouble]]:
    families: dict[str, list[Trouble]] = defaultdict(list)
    for trouble in troubles:
        if trouble.may_last and not trouble.is_slow:
            families[trouble.family].append(trouble)
    return families


def covering(cells: Iterable[Cell]) -> list[Cell]:
    """Give few of *cells* that have every pair of properties which some cell has; none is slow."""
    covered: set[tuple[object, ...]] = set()
    chosen = []
    for cell in cells:
        if not cell.trouble.is_slow and not cell.pairs <= covered:
            covered |= cell.pairs
            chosen.append(cell)
    return chosen


def _befalls(trouble: Trouble, site: Site) -> bool:
    step = site.step
    if step.service not in trouble.services:
        return False
    # Security Hub leaves findings unprocessed in one operation only.
    return trouble.effect != "unprocessed" or step.operation == "BatchUpdateFindings"
