"""The circuit breaker of a run: channels, or all of Slack, that are not tried again."""

from collections import Counter
from typing import Final

LEDGER: Final = "the Ledger"
FAILURES: Final = 2


class Circuit:
    """
    The channels that are closed in this run, and why.

    Two failures in a row close a channel, however many messages go to other channels in between;
    failures in two different places in a row stop the run, as do two of the Ledger. So time-outs
    do not eat up the run, and a channel that always fails does not keep the others from theirs.
    """

    def __init__(self) -> None:
        """Start with every channel open."""
        self._in_a_row: list[str] = []
        self._failures: Counter[str] = Counter()
        self._closed: dict[str, str] = {}
        self._stopped = ""
        self._credential_refusals: set[str] = set()

    def reason(self, channel: str) -> str:
        """Return why nothing more goes to *channel*, or "" if it is open."""
        return self._stopped or self._closed.get(channel, "")

    def stop(self, why: str) -> None:
        """End the run."""
        self._stopped = why

    def close(self, channel: str, why: str) -> None:
        """Close *channel*."""
        self._closed[channel] = why

    def failed(self, where: str, why: str, *, is_everywhere: bool = True) -> None:
        """
        Count a failure in a channel, or of the Ledger, that time may cure.

        A failure that is not *is_everywhere* says nothing of other channels.
        """
        self._failures[where] += 1
        is_again = self._failures[where] >= FAILURES
        if is_everywhere:
            self._in_a_row.append(where)
        if len(set(self._in_a_row)) > 1 or (is_again and where == LEDGER):
            self.stop(why)
        elif is_again:
            self.close(where, why)

    def worked(self, channel: str) -> None:
        """Forget the failures in *channel* and of the Ledger."""
        self._in_a_row.clear()
        self._credential_refusals.clear()
        del self._failures[channel], self._failures[LEDGER]

    def is_credential_refused_twice(self, channel: str) -> bool:
        """Note that *channel* refused the token; return True if another one did so, too."""
        self._credential_refusals.add(channel)
        return len(self._credential_refusals) > 1
