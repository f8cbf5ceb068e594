"""When trying on would only mean waiting for time-outs: in one channel, or everywhere."""

from typing import Final

LEDGER: Final = "the Ledger"
FAILURES: Final = 2


class Outage:
    """
    What has ended early in this batch, and why.

    Two failures in a row close a channel, and in two different places they stop the run: a
    channel that always fails must not keep the others from their messages, batch after batch.
    """

    def __init__(self) -> None:
        """Start with everything working."""
        self._in_a_row: list[str] = []
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
        if len(self._in_a_row) < FAILURES:
            return
        if where == LEDGER or len(set(self._in_a_row)) > 1:
            self.stop(why)
        else:
            self.close(where, why)

    def over(self) -> None:
        """Forget the failures: something worked."""
        self._in_a_row.clear()
