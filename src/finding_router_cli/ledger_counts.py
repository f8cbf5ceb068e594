"""The counts that a stack's Ledger allows, of a time."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from finding_router.aws.attributes import from_item
from finding_router.aws.decided import DynamoDecided
from finding_router.aws.items import Items
from finding_router.delivery.tally import End
from finding_router.findings.summary import is_kept, read_summary
from finding_router.isolation import isolated
from finding_router.routing.organization import Organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.run_counts import MOST_CHANNEL_CHARS, RunCounts

MAX_ITEMS: Final = 200_000
"""More items of the Ledger are not looked at: they take some minutes."""
MAX_DECIDED: Final = 20_000
"""More decided findings are not looked at."""
_ATTRIBUTES: Final = (
    "finding",
    "channel",
    "family",
    "episode",
    "sequence",
    "ts",
    "posted_at",
    "digest",
    "members",
    "kind",
    "reason",
    "in_channel",
    "is_owed",
)
_HELD: Final = "held#"
_ENDED: Final = "ended"


@dataclass(slots=True)
class ChannelCount:
    """
    The alerts of one channel: those said, and those that wait.

    From *digest_messages* on they are the numbers of runs, as `EndCounts` has them.
    """

    findings: int = 0
    alerts: int = 0
    messages: int = 0
    digested: int = 0
    forgotten: int = 0
    held: int = 0
    digest_messages: int = 0
    updates: int = 0
    duplicates: int = 0
    silenced: int = 0

    def as_json(self) -> dict[str, int]:
        """Return the numbers."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class LedgerCounts:
    """
    The counts since a time.

    *to_message* are the seconds from a finding to its message, and *to_end* those from there to its
    end, as far as they are known.
    """

    channels: dict[str, ChannelCount] = field(default_factory=dict)
    held_by: Counter[str] = field(default_factory=Counter)
    to_message: list[float] = field(default_factory=list)
    to_end: list[float] = field(default_factory=list)
    before: int = 0
    """Alerts said before the first run whose numbers are known."""
    items: int = 0
    is_cut: bool = False

    @property
    def total(self) -> ChannelCount:
        """Return the sum of all channels."""
        total = ChannelCount()
        for each in self.channels.values():
            for name, number in each.as_json().items():
                setattr(total, name, getattr(total, name) + number)
        return total

    @property
    def shared(self) -> int:
        """Return the number of findings that had no message of their own beside another's."""
        total = self.total
        return total.findings - total.alerts


def count_ledger(
    items: Items, runs: RunCounts, *, since: float, advance: Callable[[int], None]
) -> LedgerCounts:
    """
    Return the counts of alerts said *since* then, and of findings held now. StoreError.

    Those of *runs* are put beside them.
    """
    counts = LedgerCounts(to_message=[*runs.to_message])
    held: Counter[str] = Counter()
    bins: dict[str, Mapping[str, Any]] = {}
    for values in _scanned(items, counts, advance):
        with isolated("item not counted", item=values.get("finding")):
            partition, sort = str(values["finding"]), str(values["channel"])
            if values.get("family") == "alert":
                _add_alert(counts, sort, values, since, runs.began_at)
            elif partition == "bins":
                bins[sort] = values
            elif partition.startswith(_HELD):
                held[partition.removeprefix(_HELD)] += 1
    for name, number in held.items():
        known = bins.get(name, {})
        counts.held_by[f"{known.get('kind', '?')} {known.get('reason', '?')}"] += number
        channel = str(known.get("in_channel", "?"))
        counts.channels.setdefault(channel, ChannelCount()).held += number
    for channel, ends in runs.channels.items():
        count = counts.channels.setdefault(channel, ChannelCount())
        count.digest_messages = ends[End.DIGEST]
        count.updates = ends[End.UPDATED]
        count.duplicates = ends[End.DUPLICATE]
        count.silenced = ends[End.SILENCED]
    return counts


def _scanned(
    items: Items, counts: LedgerCounts, advance: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    names = {f"#{number}": name for number, name in enumerate(_ATTRIBUTES)}
    # Neither lines of digests nor summaries are needed here.
    wanted = "#2 = :alert OR #0 = :bins OR begins_with(#0, :held)"
    with items.translated("read"):
        pages = items.client.get_paginator("scan").paginate(
            TableName=items.table,
            ProjectionExpression=", ".join(names),
            ExpressionAttributeNames=names,
            FilterExpression=wanted,
            ExpressionAttributeValues={
                ":alert": {"S": "alert"},
                ":bins": {"S": "bins"},
                ":held": {"S": _HELD},
            },
        )
        for page in pages:
            counts.items += page["ScannedCount"]
            advance(page["ScannedCount"])
            yield from map(from_item, page["Items"])
            if counts.items >= MAX_ITEMS:
                counts.is_cut = "LastEvaluatedKey" in page
                return


def _add_alert(
    counts: LedgerCounts, channel: str, values: Mapping[str, Any], since: float, began_at: float
) -> None:
    posted_at = values.get("posted_at")
    if not values.get("episode") or posted_at is None or float(posted_at) < since:
        return
    # A request by Custom Action has a key of its own for the same channel.
    name = channel.partition("#action#")[0][:MOST_CHANNEL_CHARS]
    count = counts.channels.setdefault(name, ChannelCount())
    members = list((values.get("members") or {}).values())
    is_before = float(posted_at) < began_at
    counts.before += is_before
    count.alerts += 1
    count.findings += len(members)
    if values.get("ts") is None:
        count.forgotten += 1
        return
    in_digest = values.get("digest") is not None
    count.digested += in_digest
    count.messages += int(values.get("sequence", 1)) - in_digest
    turned = [float(each["turned_at"]) for each in members if each.get("turned_at") is not None]
    is_over = bool(members) and all(each.get("status") == _ENDED for each in members)
    if is_over and turned:
        counts.to_end.append(max(max(turned) - float(posted_at), 0.0))
    elif is_before and turned and int(values["episode"]) == 1:
        # Of one that returned, the first message is no longer known.
        counts.to_message.append(max(float(posted_at) - min(turned), 0.0))


@dataclass(slots=True)
class DecidedCounts:
    """The findings decided in a time, as their summaries have them, by account and route."""

    findings: int = 0
    again: int = 0
    accounts: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    never: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    is_cut: bool = False


def count_decided(
    items: Items, table: RoutingTable, organization: Organization, *, since: float, now: float
) -> DecidedCounts:
    """Return the counts of findings decided *since* then, by the routes of *table*. StoreError."""
    counts = DecidedCounts()
    known: set[int] = set()
    paths = {
        route.name: [
            each.path
            for rule in (route.match.compiled.rules if route.match.compiled else ())
            for each in rule
        ]
        for route in table.routes
        if route.enabled
    }
    unsure = {name for name, some in paths.items() if not all(map(is_kept, some))}
    for at, said in DynamoDecided(items).newest(since=since, now=now):
        summary = read_summary(said)
        if summary is None:
            continue
        if counts.findings >= MAX_DECIDED:
            counts.is_cut = True
            break
        if (key := hash(summary.finding.key)) in known:
            counts.again += 1
            continue
        known.add(key)
        counts.findings += 1
        finding = organization.enriched(summary.finding)
        counts.accounts[table.account_of(finding)] += 1
        if summary.missing:
            unsure |= {
                name
                for name, some in paths.items()
                if not all(is_kept(path, summary.missing) for path in some)
            }
        with isolated("finding not counted", finding_id=finding.id):
            decision = table.decide(finding, now=datetime.fromtimestamp(at, UTC))
            counts.routes.update(step.route for step in decision.trace if step.matched)
    silent = [name for name in paths if not counts.routes[name]]
    counts.never = [name for name in silent if name not in unsure] if counts.findings else []
    counts.unsure = [name for name in silent if name in unsure] if counts.findings else []
    return counts


def times(seconds: Sequence[float]) -> dict[str, float] | None:
    """Return the median and the time that nine of ten do not exceed; None if none is known."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    ninth = ordered[min(int(len(ordered) * 0.9), len(ordered) - 1)]
    return {
        "alerts": len(ordered),
        "median_seconds": round(statistics.median(ordered), 1),
        "p90_seconds": round(ninth, 1),
    }
