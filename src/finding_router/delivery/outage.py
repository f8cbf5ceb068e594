"""When trying on would only mean waiting for time-outs: in one channel, or everywhere."""

from collections import Counter
from typing import Final

LEDGER: Final = "the Ledger"
FAILURES: Final = 2


class Outage:
    """
    What has ended early in this batch, and why.

    Two failures in a row close a channel, however many messages go to other channels in between;
    failures in two different places in a row stop the run, as do two of the Ledger. A channel that
    always fails must not keep the others from their messages, batch after batch.
    """

    def __init__(self) -> None:
        """Start with everything working."""
        self._in_a_row: list[str] = []
        self._failures: Counter[str] = Counter()
        self._closed: dict[str, str] = {}
        self._stopped = ""

    def reason(self, channel: str) -> str:
        """Say why nothing more goes to *channel*; empty if nothing is wrong."""
        return self._stopped or self._closed.get(channel, "")

    def stop(self, why: str) -> None:
        """End all."""
        self._stopped = why

    def close(self, channel: str, why: str) -> None:
        """End *channel*."""
        self._closed[channel] = why

    def failed(self, where: str, why: str) -> None:
        """Count a failure in a channel, or of the Ledger, that time may cure."""
        self._in_a_row.append(where)
        self._failures[where] += 1
        is_again = self._failures[where] >= FAILURES
        if len(set(self._in_a_row)) > 1 or (is_again and where == LEDGER):
            self.stop(why)
        elif is_again:
            self.close(where, why)

    def over(self, channel: str) -> None:
        """Forget the failures in *channel* and of the Ledger: something worked."""
        self._in_a_row.clear()
        del self._failures[channel], self._failures[LEDGER]
