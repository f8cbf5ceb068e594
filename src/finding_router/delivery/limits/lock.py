"""The port of the locks that let one worker of all do a thing once in a while."""

from typing import Protocol


class Locks(Protocol):
    """The store of locks; its method raises StoreError if it does not answer."""

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """
        Return True if *topic* is due; from *now* it is not for *every_seconds*, for all workers.

        The holder *by* is granted it again, and the time starts anew: what did not get through may
        be tried again.
        """
