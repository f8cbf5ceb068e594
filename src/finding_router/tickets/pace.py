"""The pace of GitHub, kept by all workers together before GitHub has to ask for it."""

from collections.abc import Callable
from typing import Final, NamedTuple

from finding_router.delivery.limits.rate import Rates


class _Allowance(NamedTuple):
    """
    One call after so many seconds, and *at_once* more of them without a wait.

    In the busiest span they are *at_once* and those of the span.
    """

    span: str
    every_seconds: float
    at_once: int


# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: 80 requests a minute
# and 500 an hour that create content.
_ALLOWANCES: Final = (_Allowance("minute", 1.2, 28), _Allowance("hour", 9.0, 98))
# A wait that is lost in rounding is none.
_LEAST_SECONDS: Final = 0.02
REST: Final = "rest"
ROW_SECONDS: Final = 900.0
_DOUBLINGS: Final = 6
_LONGEST_REST_SECONDS: Final = 3_600.0


class Pace:
    """The slots of one token or app; methods raise StoreError if the Ledger does not answer."""

    def __init__(self, rates: Rates, name: str, clock: Callable[[], float]) -> None:
        """Share the slots of *name*; *clock* gives Unix seconds."""
        self._rates = rates
        self._name = f"tickets#{name}"
        self._clock = clock

    def seconds_to_rest(self) -> float:
        """Return for how long GitHub wants to be left alone."""
        return self._wait(REST, 0.0, 0)

    def seconds_to_write(self) -> float:
        """Take a slot to create content, and return 0; else the seconds until there is one."""
        for span, every_seconds, at_once in _ALLOWANCES:
            if wait := self._wait(span, every_seconds, at_once):
                return wait
        return 0.0

    def rest(self, seconds: float) -> float:
        """Leave GitHub alone for *seconds*, and for longer where it asks again and again."""
        now = self._clock()
        until = now + seconds
        row = self._rates.slow_down(self._key(REST), now=now, until=until, row_seconds=ROW_SECONDS)
        if row <= 1:
            return seconds
        # Each refusal after the first counts twice: below, it is told for how long as well.
        longer = min(seconds * (1 << min(row // 2, _DOUBLINGS)), _LONGEST_REST_SECONDS)
        if longer > seconds:
            self._rates.slow_down(
                self._key(REST), now=now, until=now + longer, row_seconds=ROW_SECONDS
            )
        return max(longer, seconds)

    def worked(self) -> None:
        """Forget how often GitHub asked to be left alone."""
        self._rates.speed_up(self._key(REST))

    def _wait(self, span: str, every_seconds: float, at_once: int) -> float:
        now = self._clock()
        latest = now + every_seconds * at_once
        slot = self._rates.slot(
            self._key(span), every_seconds=every_seconds, now=now, latest=latest
        )
        return 0.0 if slot.is_taken else max(slot.at - latest, _LEAST_SECONDS)

    def _key(self, span: str) -> str:
        return f"{self._name}#{span}"
