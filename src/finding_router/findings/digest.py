"""The content of a digest: one line for each finding, groups of lines, totals and a trend."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple, Self

from finding_router.findings.finding import Finding, Severity
from finding_router.findings.reading import items_at, text_at
from finding_router.stored import Stored

# An ASFF type is NAMESPACE/CATEGORY/CLASSIFIER; only the classifier is specific.
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Types
_TYPE_PARTS: Final = 3
_AFTER_NAME: Final = "] \t.:-\u2013\u2014"
# Group names kept for the trend; those of thousands of groups could exceed DynamoDB's item size.
_GROUPS_KEPT: Final = 300


class Kind(NamedTuple):
    """The name that findings are grouped by, and a title for it."""

    name: str
    title: str | None = None


def kind_of(finding: Finding) -> Kind:
    """
    Return the kind of *finding*, named by its control, vulnerability, type or title, in this order.

    A type without a classifier is too general ("Software and Configuration Checks") and is skipped.
    The kind's *title* is the finding's title without the name; None if nothing is left.
    """
    vulnerabilities = {text_at(each, "Id") for each in items_at(finding.raw, "Vulnerabilities")}
    name = finding.control_id or (vulnerabilities.pop() if len(vulnerabilities) == 1 else None)
    if name is not None:
        return Kind(name, _without(name, finding.title))
    namespace_category_classifier = (finding.types[0] if finding.types else "").split("/")
    if len(namespace_category_classifier) >= _TYPE_PARTS:
        classifier = namespace_category_classifier[-1].strip()
        if classifier:
            return Kind(classifier, finding.title)
    return Kind(finding.title)


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
    resource: str | None = None
    """Short name of the first resource; *more_resources* counts the others."""
    more_resources: int = 0
    url: str | None = None
    is_ended: bool = False

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
            resource=stored.optional_text("resource"),
            more_resources=stored.whole("more_resources", 0),
            url=stored.optional_text("url"),
            is_ended=stored.flag("is_ended", default=False),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one product and kind, most severe first, those of ended findings last."""

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
    members: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        members.setdefault((line.group, line.product), []).append(line)
    made = [
        Group(name, product, tuple(sorted(those, key=_line_order)))
        for (name, product), those in members.items()
    ]
    return sorted(made, key=_group_order)


def _line_order(line: Line) -> tuple[object, ...]:
    place = (line.account_name or line.account_id or "", line.resource or "", line.subject)
    return (line.is_ended, -line.severity.rank, *place)


def _group_order(group: Group) -> tuple[object, ...]:
    return (group.is_over, -group.severity.rank, -group.count, group.name, group.product)


def accounts(lines: Iterable[Line]) -> int:
    """Return the number of distinct accounts in *lines*."""
    return len({line.account_id or line.account_name for line in lines} - {None})


def resources(lines: Iterable[Line]) -> int:
    """Return the number of distinct resources in *lines*."""
    most: dict[tuple[str | None, ...], int] = {}
    for line in lines:
        if line.resource:
            key = (line.account_id, line.region, line.resource)
            most[key] = max(most.get(key, 0), 1 + line.more_resources)
    return sum(most.values())


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
        counted = Counter(line.severity for line in lines)
        return cls(
            by_severity={each: counted[each] for each in reversed(Severity) if counted[each]},
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
