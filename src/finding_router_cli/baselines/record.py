"""The Ledger's item about the baseline, by which a run that was killed goes on."""

from copy import replace
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.identity import hash_of
from finding_router.delivery.workflow import FindingKey
from finding_router.findings.finding import Severity
from finding_router.stored import Stored

_DAYS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """
    A finding about to be marked: its *source* and *key* there.

    It is the *member* of the *alerts*, pairs of subject and channel.
    """

    source: str
    member: str
    key: FindingKey
    alerts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """
    A baseline of the findings created before *before*, but for those from severity *keep* on.

    Times are Unix seconds. *in_hand* are the findings that were being marked when this was written.
    """

    begun_at: float
    before: float
    keep: Severity | None = None
    in_hand: tuple[InHand, ...] = ()
    finished_at: float | None = None
    version: int = 0

    @property
    def name(self) -> str:
        """Return the subject of its summaries, another one for each baseline."""
        return hash_of(["baseline", f"{self.begun_at:.3f}"])

    @property
    def cutoff(self) -> datetime:
        """Return the time before which its findings were created."""
        return datetime.fromtimestamp(self.before, UTC)

    def next(self, **changes: Any) -> "Baseline":
        """Return the next version, with *changes*."""
        return replace(self, version=self.version + 1, **changes)


class Baselines:
    """Keeps the newest baseline among the items of the Ledger."""

    def __init__(self, items: Items) -> None:
        """Keep it in *items*."""
        self._items = items

    def read(self) -> Baseline | None:
        """Return the newest baseline; None if there never was one. StoreError."""
        found = self._items.read([keys.baseline()])
        return self._items.parsed(found[0], _to_baseline) if found else None

    def write(self, baseline: Baseline) -> bool:
        """Put *baseline* if its version follows the stored one; return False if not. StoreError."""
        finding, channel = keys.baseline()
        return self._items.put_version(
            {
                "finding": finding,
                "channel": channel,
                "shape": keys.SHAPE,
                "version": baseline.version,
                "begun_at": baseline.begun_at,
                "before": baseline.before,
                "keep": baseline.keep,
                "in_hand": {
                    str(number): {
                        "source": each.source,
                        "member": each.member,
                        "key": list(each.key),
                        "subjects": [subject for subject, _ in each.alerts],
                        "channels": [channel for _, channel in each.alerts],
                    }
                    for number, each in enumerate(baseline.in_hand)
                },
                "finished_at": baseline.finished_at,
                "expires_at": int(baseline.begun_at) + _DAYS * DAY_SECONDS,
            },
            _to_baseline,
        )


def _to_baseline(stored: Stored) -> Baseline:
    return Baseline(
        version=stored.whole("version", least=1),
        begun_at=stored.number("begun_at"),
        before=stored.number("before"),
        keep=stored.optional_word("keep", Severity),
        in_hand=tuple(map(_to_in_hand, stored.inners("in_hand").values())),
        finished_at=stored.optional_number("finished_at"),
    )


def _to_in_hand(stored: Stored) -> InHand:
    alerts = zip(stored.texts("subjects"), stored.texts("channels"), strict=True)
    return InHand(
        source=stored.text("source"),
        member=stored.text("member"),
        key=stored.texts("key"),
        alerts=tuple(alerts),
    )
