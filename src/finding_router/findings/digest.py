"""The content of a digest: one line for each finding, groups of lines, figures and a trend."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple, Self

from finding_router.findings.finding import Finding, Severity
from finding_router.findings.reading import items_at
from finding_router.stored import Stored

# An ASFF type is NAMESPACE/CATEGORY/CLASSIFIER; only the classifier is specific.
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Types
_TYPE_PARTS: Final = 3
# The classifier of vulnerabilities.
_VULNERABILITY: Final = "CVE"
_AFTER_NAME: Final = "] \t.:-\u2013\u2014"
# Group names kept for the trend; those of thousands of groups could exceed DynamoDB's item size.
_GROUPS_KEPT: Final = 300
RESOURCE_KEY_CHARS: Final = 10
# Findings of these severities are linked in the parent of a digest.
URGENT: Final = frozenset({Severity.CRITICAL, Severity.HIGH})
# Lines that the parent of a digest links; Slack shows a screen of a phone without scrolling.
LINKED: Final = 6


class Kind(NamedTuple):
    """
    The name that findings are grouped by, and a title for it.

    A kind *is_of_resource* if its findings are the vulnerabilities of one resource.
    """

    name: str
    title: str | None = None
    is_of_resource: bool = False


def kind_of(finding: Finding, resource: str | None = None) -> Kind:
    """
    Return the kind of *finding*, named by its control, *resource*, type or title, in this order.

    Only vulnerabilities are grouped by their resource, the image or machine that is to be updated:
    one scan may find hundreds. A type without a classifier is too general ("Software and
    Configuration Checks") and is skipped. The kind's *title* is the finding's title without the
    name; None if nothing is left.
    """
    if finding.control_id is not None:
        return Kind(finding.control_id, _without(finding.control_id, finding.title))
    namespace_category_classifier = (finding.types[0] if finding.types else "").split("/")
    is_specific = len(namespace_category_classifier) >= _TYPE_PARTS
    classifier = namespace_category_classifier[-1].strip() if is_specific else ""
    if resource and (classifier == _VULNERABILITY or items_at(finding.raw, "Vulnerabilities")):
        return Kind(resource, finding.title, is_of_resource=True)
    return Kind(classifier, finding.title) if classifier else Kind(finding.title)


def _without(name: str, title: str) -> str | None:
    """Return *title* without *name* at its start: "S3.8 S3 …", "[S3.8] …", "CVE-… - …"."""
    rest = title.removeprefix("[").removeprefix(name)
    if rest == title.removeprefix("[") or rest[:1].isalnum():
        return title
    return rest.lstrip(_AFTER_NAME) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One finding in a digest; *subject* identifies it in the Ledger."""

    subject: str
    finding_id: str
    product_arn: str
    severity: Severity
    title: str
    product: str
    group: str
    """Name of the finding's `Kind`."""
    group_title: str | None = None
    """Title of the finding's `Kind`; None if there is none or it equals *title*."""
    account_id: str | None = None
    account_name: str | None = None
    region: str | None = None
    is_of_resource: bool = False
    """The group is the vulnerabilities of the first resource."""
    resource: str | None = None
    """Short name of the first resource; *more_resources* counts the others."""
    resource_kind: str | None = None
    """Kind of the first resource in words: "IAM role"."""
    resource_keys: str | None = None
    """Keys of all resources, ten hexadecimal digits each, the first resource's first."""
    more_resources: int = 0
    url: str | None = None
    is_ended: bool = False
    has_card: bool = False
    """The finding has a card of its own besides."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Return name and id of the account, and the Region, as far as they are known."""
        return self.account_name or "", self.account_id or "", self.region or ""

    @property
    def resource_key(self) -> tuple[str, ...]:
        """Return the identity of the first resource; in a line without keys its name and place."""
        if self.resource_keys:
            return (self.resource_keys[:RESOURCE_KEY_CHARS],)
        return (self.account_id or "", self.region or "", self.resource or "")

    def to_attributes(self) -> dict[str, Any]:
        """Return the line as plain JSON values, without those that are None, 0 or False."""
        known = asdict(self) | {"severity": self.severity.value}
        return {name: value for name, value in known.items() if value is not None and value != 0}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """
        Return the line that `to_attributes` wrote; unknown attributes are ignored.

        Raises:
            AttributeProblemError: an attribute is missing, or not of its type.

        """
        stored = Stored(attributes)
        return cls(
            subject=stored.text("subject"),
            finding_id=stored.text("finding_id"),
            product_arn=stored.text("product_arn"),
            severity=stored.word("severity", Severity),
            title=stored.text("title"),
            product=stored.text("product"),
            group=stored.text("group"),
            group_title=stored.optional_text("group_title"),
            account_id=stored.optional_text("account_id"),
            account_name=stored.optional_text("account_name"),
            region=stored.optional_text("region"),
            is_of_resource=stored.flag("is_of_resource", default=False),
            resource=stored.optional_text("resource"),
            resource_kind=stored.optional_text("resource_kind"),
            resource_keys=stored.optional_text("resource_keys"),
            more_resources=stored.whole("more_resources", 0),
            url=stored.optional_text("url"),
            is_ended=stored.flag("is_ended", default=False),
            has_card=stored.flag("has_card", default=False),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """
    The lines of one product and kind, by account and Region; those of ended findings come last.

    The place with the most severe finding comes first, and in it that finding.
    """

    name: str
    product: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> str | None:
        """Return the title that all lines share; None if titles differ or equal the name."""
        titles = {line.group_title or line.title for line in self.lines}
        return titles.pop() if len(titles) == 1 and self.name not in titles else None

    @property
    def severity(self) -> Severity:
        """Return the highest severity of the open findings, or of all if none is open."""
        return self.lines[0].severity

    @property
    def is_of_resource(self) -> bool:
        """Return True if the findings are the vulnerabilities of one resource."""
        return self.lines[0].is_of_resource

    @property
    def count(self) -> int:
        """Return the number of findings, open and ended."""
        return len(self.lines)

    @property
    def is_over(self) -> bool:
        """Return True if all findings have ended."""
        return all(line.is_ended for line in self.lines)


def groups(lines: Iterable[Line]) -> list[Group]:
    """
    Return *lines* in groups, sorted by severity and then by number of findings, highest first.

    Groups without an open finding come last.
    """
    members: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        # Of many functions of one name each is to be updated.
        resource = line.resource_key if line.is_of_resource else ()
        members.setdefault((line.group, line.product, resource), []).append(line)
    made = [Group(those[0].group, those[0].product, _in_order(those)) for those in members.values()]
    return sorted(made, key=_group_order)


def _in_order(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return *lines* with those of one place together, the worst place first, ended ones last."""
    worst: dict[tuple[object, ...], int] = {}
    for line in lines:
        place = (line.is_ended, line.place)
        worst[place] = max(worst.get(place, 0), line.severity.rank)

    def order(line: Line) -> tuple[object, ...]:
        own = (-line.severity.rank, line.has_card, line.resource or "", line.subject)
        return (line.is_ended, -worst[line.is_ended, line.place], line.place, *own)

    return tuple(sorted(lines, key=order))


def _group_order(group: Group) -> tuple[object, ...]:
    return (group.is_over, -group.severity.rank, -group.count, group.name, group.product)


def accounts(lines: Iterable[Line]) -> int:
    """Return the number of distinct accounts in *lines*."""
    return len({line.account_id or line.account_name for line in lines} - {None, ""})


def resources(lines: Iterable[Line]) -> int:
    """Return the number of distinct resources in *lines*, by their identities."""
    keys: set[str] = set()
    most: dict[tuple[str, ...], int] = {}
    for line in lines:
        if line.resource_keys:
            ends = range(RESOURCE_KEY_CHARS, len(line.resource_keys) + 1, RESOURCE_KEY_CHARS)
            keys.update(line.resource_keys[end - RESOURCE_KEY_CHARS : end] for end in ends)
        elif line.resource:
            key = line.resource_key
            most[key] = max(most.get(key, 0), 1 + line.more_resources)
    return len(keys) + sum(most.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The counts of a digest, shown in it and compared with those of the next digest."""

    by_severity: Mapping[Severity, int]
    """Findings by severity, most severe first, without zeros."""
    ended: int = 0
    groups: tuple[str, ...] = ()
    """Names of the groups without repeats, in the order of `groups`."""
    are_groups_cut: bool = False

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Return the totals of *lines*."""
        return cls(
            by_severity=_by_severity(lines),
            ended=sum(line.is_ended for line in lines),
            groups=tuple(dict.fromkeys(group.name for group in groups(lines))),
        )

    @property
    def count(self) -> int:
        """Return the number of findings."""
        return sum(self.by_severity.values())

    def to_attributes(self) -> dict[str, Any]:
        """Return the totals as plain JSON values, with the names of the first 300 groups."""
        return {
            "by_severity": {each.value: count for each, count in self.by_severity.items()},
            "ended": self.ended,
            "groups": list(self.groups[:_GROUPS_KEPT]),
            "are_groups_cut": self.are_groups_cut or len(self.groups) > _GROUPS_KEPT,
        }

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """
        Return the totals that `to_attributes` wrote.

        Raises:
            AttributeProblemError: an attribute is missing, or not of its type.

        """
        stored = Stored(attributes)
        counted = stored.inner("by_severity")
        numbers = {each: counted.whole(each.value, 0) for each in reversed(Severity)}
        return cls(
            by_severity={each: number for each, number in numbers.items() if number},
            ended=stored.whole("ended"),
            groups=stored.texts("groups"),
            are_groups_cut=stored.flag("are_groups_cut"),
        )


@dataclass(frozen=True, slots=True)
class KindCount:
    """The number of findings of one kind; see `Group`."""

    name: str
    count: int
    title: str | None = None
    is_of_resource: bool = False


def kinds(lines: Iterable[Line]) -> tuple[KindCount, ...]:
    """Return the kinds of *lines* in the order of `groups`."""
    return tuple(
        KindCount(each.name, each.count, each.title, is_of_resource=each.is_of_resource)
        for each in groups(lines)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that the parent of a digest shows of its lines."""

    by_severity: Mapping[Severity, int]
    """Findings by severity, most severe first, without zeros."""
    open_by_severity: Mapping[Severity, int]
    """The same without those that ended."""
    accounts: int = 0
    account: tuple[str | None, str | None] | None = None
    """Name and id of the account, if there is only one."""
    resources: int = 0
    kinds: tuple[KindCount, ...] = ()
    """In the order of `groups`."""
    worst: tuple[Line, ...] = ()
    """The first open lines that are CRITICAL or HIGH; of equals those without a card first."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Return the figures of *lines*."""
        there = [line for line in lines if not line.is_ended]
        number = accounts(lines)
        named = next((each for each in lines if each.account_id or each.account_name), None)
        return cls(
            by_severity=_by_severity(lines),
            open_by_severity=_by_severity(there),
            accounts=number,
            account=(named.account_name, named.account_id) if named and number == 1 else None,
            resources=resources(lines),
            kinds=kinds(lines),
            worst=tuple(sorted(_urgent(there), key=_worst_order)[:LINKED]),
        )

    @property
    def count(self) -> int:
        """Return the number of findings, open and ended."""
        return sum(self.by_severity.values())

    @property
    def ended(self) -> int:
        """Return the number of findings that ended."""
        return self.count - sum(self.open_by_severity.values())

    @property
    def unlinked(self) -> int:
        """Return the number of open CRITICAL and HIGH findings that are not among *worst*."""
        return sum(self.open_by_severity.get(each, 0) for each in URGENT) - len(self.worst)


def _urgent(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.severity in URGENT]


def _by_severity(lines: Iterable[Line]) -> dict[Severity, int]:
    counted = Counter(line.severity for line in lines)
    return {each: counted[each] for each in reversed(Severity) if counted[each]}


def _worst_order(line: Line) -> tuple[object, ...]:
    return (-line.severity.rank, line.has_card, line.place, line.resource or "", line.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The changes since the previous digest."""

    before: int
    """Number of findings in the previous digest."""
    changes: Mapping[Severity, int] = field(default_factory=dict)
    """Change in the number of findings by severity, most severe first, without zeros."""
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: Totals, now: Totals) -> Self:
        """Return the changes from *before* to *now*; no group is new if *before* has cut names."""
        earlier, later = before.by_severity, now.by_severity
        changes = {each: later.get(each, 0) - earlier.get(each, 0) for each in reversed(Severity)}
        known = set(before.groups)
        return cls(
            before=before.count,
            changes={each: change for each, change in changes.items() if change},
            new=()
            if before.are_groups_cut
            else tuple(name for name in now.groups if name not in known),
            gone=tuple(name for name in before.groups if name not in set(now.groups)),
        )
