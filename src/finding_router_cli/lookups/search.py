"""The search for one finding by its id, by a part of it, or by the message about it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import click

from finding_router.counts import counted
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import in_asff
from finding_router.findings.short_id import short_id
from finding_router.findings.summary import read_summary
from finding_router_cli.explanation import printable
from finding_router_cli.lookups.hubs import MOST_LOOKED_AT, Hubs, Raw
from finding_router_cli.lookups.reference import LEAST_CHARS, MessageLink, is_called, is_of_one
from finding_router_cli.output import progress

if TYPE_CHECKING:
    from finding_router.aws.items import Items
    from finding_router.delivery.alerts.alert import Alert

_CANDIDATES: Final = 10
_TITLE_CHARS: Final = 70
_DECIDED_SECONDS: Final = 7 * 86_400.0
_KEPT: Final = "Security Hub deletes a finding 30 to 90 days after its last update"

type Key = tuple[str, str]


@dataclass(slots=True)
class Findings:
    """The findings that fit, by identity: the forms of each, as they came."""

    forms: dict[Key, list[Raw]] = field(default_factory=dict)
    read: dict[Key, Finding] = field(default_factory=dict)

    def add(self, raws: Iterable[Raw]) -> None:
        """Add *raws*, without those that cannot be read."""
        for raw in raws:
            finding = _read(raw)
            if finding is not None:
                self.read.setdefault(finding.key, finding)
                self.forms.setdefault(finding.key, []).append(raw)

    @property
    def raws(self) -> list[Raw]:
        """Return all forms of all findings."""
        return [raw for forms in self.forms.values() for raw in forms]


class Search:
    """
    The search in *hubs*, and in the Ledger's *items* if they are known, as of Unix second *now*.

    Security Hub finds whole ids and beginnings. Other parts are looked for among the findings that
    were decided in the last seven days, of which the Ledger keeps summaries, and then one by one.
    """

    def __init__(self, hubs: Hubs, items: "Items | None", now: float) -> None:
        """Call nothing yet."""
        self._hubs = hubs
        self._items = items
        self._now = now
        self._looked_at = 0

    def by_id(self, wanted: str) -> Findings:
        """
        Return the one finding that is called *wanted*.

        Raises:
            click.ClickException: There is none, there are several, or AWS refuses.

        """
        if len(wanted) < LEAST_CHARS:
            raise click.UsageError(f"{wanted} is too short: give {LEAST_CHARS} characters of an id")
        found = Findings()
        found.add(self._hubs.with_ids([wanted]))
        if not found.forms:
            found.add(self._hubs.beginning_with(wanted))
        # No end of an Id begins like a whole one.
        is_end = not wanted.startswith("arn:")
        if not found.forms and is_end:
            ids = {id_ for _, id_ in self._decided() if is_called(id_, wanted)}
            found.add(self._hubs.with_ids(sorted(ids)))
        if not found.forms and is_end:
            for page in self._newest():
                found.add(raw for raw in page if (one := _read(raw)) and is_called(one.id, wanted))
                if found.forms and is_of_one(wanted):
                    break
        if not found.forms:
            looked = f", of {self._looked_at:,} looked through" if self._looked_at else ""
            raise click.ClickException(
                f"no finding in Security Hub is called {wanted}{looked}; take the short id of its "
                f"card's small print, or the whole Id. {_KEPT}"
            )
        if len(found.forms) > 1:
            raise click.ClickException(_ambiguous(wanted, [*found.read.values()]))
        return found

    def by_message(self, link: MessageLink) -> Findings:
        """
        Return the findings that the card at *link* is about: one, or those of several standards.

        The Ledger has no index of messages, so that it is scanned until the message is found.

        Raises:
            click.ClickException: The message is unknown or lists several, or AWS refuses.

        """
        if self._items is None:
            raise click.UsageError("a link needs the Ledger: name the stack with --stack NAME")
        key, digest = self._message(self._items, link)
        alert = self._alert(self._items, key) if key else None
        if digest is not None:
            found = self._listed(self._items, digest)
        elif alert is not None:
            found = self._with_hashes(alert)
        else:
            raise click.ClickException(
                f"the Ledger knows no message {link.ts} in {link.channel}: it may be a notice, "
                "or of another stack; name the finding by the short id in its small print"
            )
        if not found.forms:
            raise click.ClickException(
                f"the message is known, and Security Hub has its finding no more. {_KEPT}"
            )
        return found

    def _message(self, items: "Items", link: MessageLink) -> tuple[AlertKey | None, str | None]:
        """Return the alert whose card *link* is, or the id of the digest."""
        names = {"#finding": "finding", "#channel": "channel", "#family": "family"}
        with progress("looking for the message in the Ledger") as advance:
            pages = items.client.get_paginator("scan").paginate(
                TableName=items.table,
                ProjectionExpression="#finding, #channel, #family, digest",
                FilterExpression="posted_to = :channel AND ts = :ts AND #family = :alert",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    ":channel": {"S": link.channel},
                    ":ts": {"S": link.ts},
                    ":alert": {"S": "alert"},
                },
            )
            for page in pages:
                advance(page["ScannedCount"])
                for item in page["Items"]:
                    digest = item.get("digest", {}).get("S")
                    return AlertKey(item["finding"]["S"], item["channel"]["S"]), digest
        return None, None

    def _alert(self, items: "Items", key: AlertKey) -> "Alert | None":
        from finding_router.aws.ledger import DynamoLedger  # noqa: PLC0415 -- loads boto3

        return DynamoLedger(items, days=1).read([key]).get(key)

    def _listed(self, items: "Items", digest: str) -> Findings:
        """Return the one finding that *digest* lists. ClickException for several."""
        from finding_router.aws.digests import DynamoDigests  # noqa: PLC0415 -- loads boto3

        lines = DynamoDigests(items, days=1).lines(digest)
        if len(lines) > 1:
            worst = sorted(lines, key=lambda line: -line.severity.rank)
            rows = [(line.severity.value, line.finding_id, line.title) for line in worst]
            raise click.ClickException(
                _several(f"the message is a digest of {counted(len(rows), 'finding')}", rows)
            )
        found = Findings()
        found.add(self._hubs.with_ids([line.finding_id for line in lines]))
        return found

    def _with_hashes(self, alert: "Alert") -> Findings:
        """Return the members of *alert*: the Ledger has hashes and times, and names of some."""
        wanted = alert.members.keys()
        found = Findings()
        # The second part of a name is the Id, in the calls of either Security Hub.
        ids = sorted({name[1] for forms in alert.names.values() for name in forms.values()})
        if not ids:
            decided = set(self._decided())
            ids = sorted(each[1] for each in decided if finding_hash(*each) in wanted)
        found.add(_fitting(self._hubs.with_ids(ids), wanted))
        if len(found.forms) < len(wanted):
            moments = (each.newest.updated_at for each in alert.members.values())
            known = [moment for moment in moments if moment]
            more = Findings()
            more.add(_fitting(self._hubs.updated_at(known), wanted))
            for key in more.forms.keys() - found.forms.keys():
                found.add(more.forms[key])
        if found.forms:
            # Of several standards, some may be gone.
            return found
        for page in self._newest():
            found.add(_fitting(page, wanted))
            if len(found.forms) == len(wanted):
                break
        return found

    def _decided(self) -> Iterator[Key]:
        """Yield the identities of the findings decided in the last seven days, newest first."""
        if self._items is None:
            return
        from finding_router.aws.decided import DynamoDecided  # noqa: PLC0415 -- loads boto3

        since = self._now - _DECIDED_SECONDS
        for _, said in DynamoDecided(self._items).newest(since=since, now=self._now):
            summary = read_summary(said)
            if summary is not None:
                yield summary.finding.key

    def _newest(self) -> Iterator[Sequence[Raw]]:
        """Yield Security Hub's findings page by page, and count them."""
        with progress("looking through the findings of Security Hub", MOST_LOOKED_AT) as advance:
            for page in self._hubs.newest():
                self._looked_at += len(page)
                advance(len(page))
                yield page


def _read(raw: Raw) -> Finding | None:
    try:
        return read_finding(in_asff(raw))
    except FindingError:
        return None


def _fitting(raws: Iterable[Raw], hashes: Collection[str]) -> Iterator[Raw]:
    for raw in raws:
        finding = _read(raw)
        if finding is not None and finding_hash(*finding.key) in hashes:
            yield raw


def _ambiguous(wanted: str, findings: Sequence[Finding]) -> str:
    rows = [(each.severity.value, each.id, each.title) for each in findings]
    return _several(f"{counted(len(rows), 'finding')} are called {wanted}", rows)


def _several(what: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """Return the sentence that lists *rows*, of a severity, an Id and a title each."""
    lines = [f"{what}; name one by its Id or short id:"]
    for severity, id_, title in rows[:_CANDIDATES]:
        words = printable(title, most=_TITLE_CHARS)
        lines.append(f"  {severity:<13} {short_id(id_)}  {words}  {printable(id_)}")
    if len(rows) > _CANDIDATES:
        lines.append(f"  … and {len(rows) - _CANDIDATES:,} more")
    return "\n".join(lines)


def find(wanted: MessageLink | str, hubs: Hubs, items: "Items | None", now: float) -> Findings:
    """Return the findings that *wanted*, a message or an id, names. ClickException."""
    search = Search(hubs, items, now)
    return search.by_message(wanted) if isinstance(wanted, MessageLink) else search.by_id(wanted)
