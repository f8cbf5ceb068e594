"""Planned faults of the local Slack."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

type Drop = Literal["before", "after"]

RATE_LIMITED_STATUS = 429


@dataclass(slots=True, kw_only=True)
class Fault:
    """
    One fault, and the calls that it strikes.

    It concerns calls of *method* and *channel* (name or id; None: any), spares the first *skip* of
    them, then strikes *times* times (None: until removed), each time with *chance*.

    Effects: *error* (Slack's error code), *http_status* (without *error* the body is no JSON, as
    from Slack's proxies), *retry_after* seconds (a 429), *drop* the connection, or only
    *delay_seconds* before the answer. With *stored*, or *drop* "after", the call has its effect
    first, which the caller cannot know. *meanwhile* is called after the effect, if there is one,
    and before the answer: it may kill the caller.
    """

    method: str | None = None
    channel: str | None = None
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    error: str | None = None
    http_status: int | None = None
    retry_after: int | None = None
    drop: Drop | None = None
    delay_seconds: float = 0.0
    stored: bool = False
    messages: tuple[str, ...] = ()
    struck: int = field(default=0)
    meanwhile: Callable[[], object] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raise ValueError for a combination that cannot happen."""
        if self.drop is not None and self.drop not in get_args(Drop.__value__):
            problem = f'drop is "before" or "after", not {self.drop!r}'
            raise ValueError(problem)
        if self.times is not None and self.times < 1:
            problem = f"times is at least 1, or None for always, not {self.times}"
            raise ValueError(problem)
        if not (self.answers or self.drop or self.delay_seconds):
            problem = "a fault needs error, http_status, retry_after, drop or delay_seconds"
            raise ValueError(problem)

    @property
    def answers(self) -> bool:
        """The fault has an answer of its own."""
        return self.error is not None or self.http_status is not None or self.is_rate_limit

    @property
    def is_rate_limit(self) -> bool:
        """The answer is a 429."""
        return (
            self.retry_after is not None
            or self.http_status == RATE_LIMITED_STATUS
            or (self.error == "ratelimited" and self.http_status is None)
        )

    @property
    def takes_effect(self) -> bool:
        """The call is carried out all the same."""
        return self.stored or self.drop == "after" or not (self.answers or self.drop)

    @property
    def is_spent(self) -> bool:
        """It will not strike again."""
        return self.times is not None and self.struck >= self.times

    def concerns(self, method: str, channels: frozenset[str]) -> bool:
        """Return True if a call of *method* to a channel known by these names is meant."""
        if self.method is not None and self.method != method:
            return False
        return self.channel is None or self.channel.removeprefix("#") in channels


_FIELDS = tuple(each.name for each in fields(Fault) if each.name != "meanwhile")


class FaultPlan:
    """All faults that are still to come; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(0)  # noqa: S311 -- faults to repeat, not secrets
        self._faults: list[Fault] = []

    def add(self, **described: Any) -> Fault:
        """Plan a fault with these fields; of several that concern a call, the oldest strikes."""
        fault = Fault(**described)
        with self._lock:
            self._faults.append(fault)
        return fault

    def add_described(self, described: Mapping[str, Any]) -> Fault:
        """Plan a fault from JSON; raise ValueError for a key that no fault has."""
        known = {*_FIELDS} - {"struck"}
        if unknown := sorted(set(described) - known):
            problem = f"unknown: {', '.join(unknown)}; a fault has {', '.join(sorted(known))}"
            raise ValueError(problem)
        return self.add(**{**described, "messages": tuple(described.get("messages", ()))})

    def remove(self, fault: Fault) -> None:
        """End *fault*, struck or not."""
        with self._lock:
            self._faults = [each for each in self._faults if each is not fault]

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def describe(self) -> list[dict[str, Any]]:
        """Return the planned faults as JSON."""
        with self._lock:
            return [{name: getattr(fault, name) for name in _FIELDS} for fault in self._faults]

    def strike(self, method: str, channels: frozenset[str]) -> Fault | None:
        """Return the fault that befalls this call, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.is_spent or not fault.concerns(method, channels):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.chance < 1 and self._random.random() >= fault.chance:
                    continue
                fault.struck += 1
                return fault
        return None
