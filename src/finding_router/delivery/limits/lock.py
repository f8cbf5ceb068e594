"""The port of the locks, which limit an action to one worker, or a few findings, for a time."""

from collections.abc import Sequence
from typing import Protocol


class Locks(Protocol):
    """The store of locks; every method raises StoreError if it does not answer."""

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """
        Return True if *topic* is due; from *now* it is not for *every_seconds*, for all workers.

        The holder *by* is granted it again, and the time starts anew: a failed action may be
        tried again.
        """

    def seats(
        self, topic: str, names: Sequence[str], *, most: int, since: float, now: float
    ) -> set[str]:
        """
        Return those of *names* that have one of the *most* seats of *topic*, for all workers.

        A name keeps its seat. Seats that were last given away before Unix second *since* are free
        again. Where other workers take seats all the time, a name may come away without one.
        """
