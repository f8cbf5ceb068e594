"""A flood of findings as an organisation has it: repeated, echoed, ended and reopened."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

ACCOUNTS: Final = 100
PRODUCTS: Final = (
    "Flood Sensor",
    "Package Scanner",
    "Bucket Reader",
    "Control Checker",
    "Rule Recorder",
    "Outage News",
    "Access Prover",
    "Path Finder",
    "Wall Keeper",
    "Patch Counter",
)
KINDS_PER_PRODUCT: Final = 6
# Of a hundred events: the rest is about findings that are new.
_REPEATED: Final = 12
_UPDATED: Final = 8
_ENDED: Final = 4
# Each is a message of its own, so they must be few.
_REOPENED_IN_10_000: Final = 40
_CRITICAL_IN_10_000: Final = 20
_SEVERITIES: Final = ("HIGH", "HIGH", "MEDIUM", "MEDIUM", "MEDIUM", "LOW", "LOW", "INFORMATIONAL")
_START: Final = datetime(2026, 9, 1, 10, tzinfo=UTC)


@dataclass(slots=True)
class Told:
    """The messages expected of one finding, by its resource: *times* counts reopenings."""

    name: str
    finding: dict[str, Any]
    times: int = 1
    is_over: bool = False

    @property
    def is_critical(self) -> bool:
        """Return True if it has a card of its own besides being listed."""
        return bool(self.finding["Severity"]["Label"] == "CRITICAL")


@dataclass(slots=True)
class Flood:
    """Makes *size* findings for *channels* channels, the same for the same *seed*."""

    size: int
    channels: int
    seed: int = 1
    told: dict[str, Told] = field(default_factory=dict)
    """All messages expected so far, by the name of the resource, which every message shows."""
    reopened: int = 0
    _ended: list[Told] = field(default_factory=list)
    _over: list[Told] = field(default_factory=list)
    _random: random.Random = field(init=False)
    _minutes: int = 0

    def __post_init__(self) -> None:
        """Seed it."""
        self._random = random.Random(self.seed)

    def waves(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """
        Return all findings in waves of *size*, as products import them.

        The findings that a wave ends or repeats came in an earlier one; reopened ones had ended by
        `settle`.
        """
        left = self.size
        while left:
            count = min(size, left)
            left -= count
            earlier = [each for each in self.told.values() if not each.is_over]
            yield [self._one(earlier) for _ in range(count)]

    def settle(self, said: Mapping[str, int]) -> None:
        """
        Reopen findings that are over now from now on; *said* counts the messages so far.

        Call it once all events were processed: an end that overtakes its beginning, and waits for
        its turn, leaves no message, and so the reopening is posted as if it were the first.
        """
        for told in self._ended:
            if said.get(told.name, 0) < told.times:
                told.times -= 1
            self._over.append(told)
        self._ended.clear()

    def _one(self, earlier: list[Told]) -> dict[str, Any]:
        self._minutes += 1
        dice = self._random.random()
        if self._over and dice < _REOPENED_IN_10_000 / 10_000:
            return self._reopen(self._over.pop(self._random.randrange(len(self._over))))
        dice = self._random.random() * 100
        if not earlier or dice >= _REPEATED + _UPDATED + _ENDED:
            return self._new()
        number = self._random.randrange(len(earlier))
        if dice < _REPEATED:
            return earlier[number].finding
        if dice < _REPEATED + _UPDATED:
            told = earlier[number]
            told.finding = told.finding | {"UpdatedAt": self._now()}
            return told.finding
        return self._end(earlier.pop(number))

    def _end(self, told: Told) -> dict[str, Any]:
        told.is_over = True
        self._ended.append(told)
        told.finding = told.finding | {"RecordState": "ARCHIVED", "UpdatedAt": self._now()}
        return told.finding

    def _reopen(self, told: Told) -> dict[str, Any]:
        told.is_over = False
        told.times += 1
        self.reopened += 1
        told.finding = told.finding | {"RecordState": "ACTIVE", "UpdatedAt": self._now()}
        return told.finding

    def _new(self) -> dict[str, Any]:
        number = len(self.told)
        product = self._random.choice(PRODUCTS)
        kind = self._random.randrange(KINDS_PER_PRODUCT)
        account = 100_000_000_000 + self._random.randrange(ACCOUNTS)
        is_critical = self._random.random() < _CRITICAL_IN_10_000 / 10_000
        severity = "CRITICAL" if is_critical else self._random.choice(_SEVERITIES)
        resource = f"soak-{number:06d}"
        finding = {
            "SchemaVersion": "2018-10-08",
            "Id": f"arn:aws:soak:eu-west-1:{account}:finding/{number:06d}",
            "ProductArn": f"arn:aws:securityhub:eu-west-1::product/soak/{_slug(product)}",
            "ProductName": product,
            "GeneratorId": f"{_slug(product)}/{kind}",
            "AwsAccountId": str(account),
            "AwsAccountName": f"team-{account % ACCOUNTS:02d}",
            "Region": "eu-west-1",
            "CreatedAt": self._now(),
            "UpdatedAt": self._now(),
            "Title": f"{product} found trouble of kind {kind}",
            "Description": f"Something is wrong with {resource}.",
            "Severity": {"Label": severity},
            "RecordState": "ACTIVE",
            "Resources": [
                {
                    "Type": "AwsS3Bucket",
                    "Id": f"arn:aws:s3:::{resource}",
                    "Tags": {"channel": str(number % self.channels)},
                }
            ],
        }
        self.told[resource] = Told(resource, finding)
        return finding

    def _now(self) -> str:
        return f"{_START + timedelta(minutes=self._minutes):%Y-%m-%dT%H:%M:%SZ}"

    def routes(self) -> list[dict[str, Any]]:
        """Return the routes that spread the flood over its channels."""
        return [
            {
                "kind": "route",
                "name": f"part {number}",
                "match": {"Resources": {"Tags": {"channel": [str(number)]}}},
                "channel": f"#soak-{number}",
            }
            for number in range(self.channels)
        ]


def _slug(product: str) -> str:
    return product.lower().replace(" ", "-")
