"""Faults of the local AWS, for tests and experiments."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

EVERY: Final = "*"


class Effect(StrEnum):
    """The way in which a call goes wrong."""

    THROTTLE = "throttle"
    """The service answers that it was called too often."""
    ERROR = "error"
    """The service answers with *code* and *status*; the default is 500 InternalServerError."""
    OUTAGE = "outage"
    """The connection breaks before the service has done anything."""
    LOSE_ANSWER = "lose_answer"
    """The service does it, and the connection breaks before the answer: an ambiguous failure."""
    DELAY = "delay"
    """The answer takes *seconds* longer, which goes with any other effect too."""
    KILL_BEFORE = "kill_before"
    """The caller's process dies before the service has done anything."""
    KILL_AFTER = "kill_after"
    """The caller's process dies once the service has done it, before it has the answer."""
    PARTIAL = "partial"
    """BatchGetItem or BatchWriteItem answers 200 and leaves the second half unprocessed."""
    UNPROCESSED = "unprocessed"
    """BatchUpdateFindings(V2) answers 200 and leaves the findings unprocessed, with *code*."""


# The error code and HTTP status of each service for too many calls.
_THROTTLES: Final[Mapping[str, tuple[str, int]]] = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "securityhub": ("LimitExceededException", 429),
    "sqs": ("RequestThrottled", 403),
}
_THROTTLE: Final = ("ThrottlingException", 400)
_V2: Final = "V2"
_V2_THROTTLE: Final = ("ThrottlingException", 429)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One thing that goes wrong, with calls of *operation* of *service*, each "*" for all.

    Service and operation are named as in boto3's service models: "dynamodb", "PutItem".
    """

    effect: Effect
    service: str = EVERY
    operation: str = EVERY
    containing: str = ""
    """Only calls whose body contains this text: a table's name, a finding's id."""
    skip: int = 0
    """That many calls go well first."""
    times: int | None = 1
    """For that many calls; None: until the fault is cleared."""
    probability: float = 1.0
    seconds: float = 0.0
    code: str = ""
    status: int = 500

    def __post_init__(self) -> None:
        """Take the effect as a plain word too, as it comes in JSON."""
        object.__setattr__(self, "effect", Effect(self.effect))

    @classmethod
    def from_json(cls, value: object) -> Self:
        """
        Read a fault from JSON: the fields above, of which only *effect* is required.

        Raises:
            ValueError: names the mistake.

        """
        known = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or not (value.keys() <= known) or "effect" not in value:
            message = f'a fault is an object with "effect" and any of {", ".join(sorted(known))}'
            raise ValueError(message)
        return cls(**value)

    def is_about(self, service: str, operation: str, body: bytes) -> bool:
        """Return True if the fault concerns this call."""
        return (
            self.service in (EVERY, service)
            and self.operation in (EVERY, operation)
            and self.containing.encode() in body
        )

    def error(self, service: str, operation: str = "") -> tuple[str, int]:
        """Return the error code and HTTP status of the answer."""
        if self.effect is Effect.THROTTLE:
            is_v2 = service == "securityhub" and operation.endswith(_V2)
            code, status = _V2_THROTTLE if is_v2 else _THROTTLES.get(service, _THROTTLE)
            return self.code or code, status
        return self.code or "InternalServerError", self.status


@dataclass(slots=True)
class _Armed:
    fault: Fault
    to_skip: int
    left: float
    hits: int = 0
    chances: int = 0
    """How many calls it could have struck."""


class FaultBoard:
    """The faults in force; safe to use from many threads, random in the same way each time."""

    def __init__(self) -> None:
        """Start with no fault."""
        self._armed: list[_Armed] = []
        self._lock = threading.Lock()
        self._random = random.Random(0)  # noqa: S311 -- faults to repeat, not secrets

    def add(self, *faults: Fault) -> None:
        """Put *faults* in force, after those that are."""
        with self._lock:
            self._armed += [
                _Armed(fault, fault.skip, float("inf") if fault.times is None else fault.times)
                for fault in faults
            ]

    def clear(self) -> None:
        """End every fault."""
        with self._lock:
            self._armed.clear()

    @property
    def are_planned(self) -> bool:
        """Return True if any fault is planned, or has struck and was not cleared."""
        return bool(self._armed)

    def state(self) -> list[dict[str, Any]]:
        """List the faults as JSON, with how often each has struck."""
        with self._lock:
            return [
                {
                    "effect": armed.fault.effect,
                    "service": armed.fault.service,
                    "operation": armed.fault.operation,
                    "chances": armed.chances,
                    "probability": armed.fault.probability,
                    "hits": armed.hits,
                    "left": None if armed.fault.times is None else int(armed.left),
                }
                for armed in self._armed
            ]

    def strike(self, service: str, operation: str, body: bytes) -> Fault | None:
        """Return the first fault that this call suffers, if any, and count it down."""
        effects = frozenset(Effect) - {Effect.UNPROCESSED}
        return self._strike(effects, service, operation, body)

    def leave_unprocessed(
        self, finding_id: str, *, operation: str = "BatchUpdateFindings"
    ) -> Fault | None:
        """Return the fault that *operation* leaves this finding unprocessed by, if any."""
        effects = frozenset({Effect.UNPROCESSED})
        return self._strike(effects, "securityhub", operation, finding_id.encode())

    def _strike(
        self, effects: frozenset[Effect], service: str, operation: str, body: bytes
    ) -> Fault | None:
        with self._lock:
            for armed in self._armed:
                if self._hits(armed, effects, service, operation, body):
                    return armed.fault
        return None

    def _hits(
        self, armed: _Armed, effects: frozenset[Effect], service: str, operation: str, body: bytes
    ) -> bool:
        fault = armed.fault
        if fault.effect not in effects or not fault.is_about(service, operation, body):
            return False
        if armed.to_skip:
            armed.to_skip -= 1
            return False
        if armed.left <= 0:
            return False
        armed.chances += 1
        if self._random.random() >= fault.probability:
            return False
        armed.left -= 1
        armed.hits += 1
        return True
