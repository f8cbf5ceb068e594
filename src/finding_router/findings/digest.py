"""What a digest is made of: a line for each finding, counted and grouped without a remainder."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, NamedTuple, Self

from finding_router.findings.finding import Finding, Severity
from finding_router.findings.reading import items_at, text_at

# A type of ASFF is NAMESPACE/CATEGORY/CLASSIFIER, of which only the last says what it is about.
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Types
_TYPE_PARTS: Final = 3
_AFTER_NAME: Final = "] \t.:-\u2013\u2014"
# More names than anybody compares; a digest of a thousand groups would outgrow its item.
_GROUPS_KEPT: Final = 300


class Kind(NamedTuple):
    """What findings are put together by, and the words that go with it."""

    name: str
    title: str | None = None


def kind_of(finding: Finding) -> Kind:
    """
    Say what *finding* is one of: its control, its vulnerability, its type, else its title.

    Without a classifier a type says next to nothing ("Software and Configuration Checks"). *title*
    is what the finding's own adds to the name; None where that is nothing.
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
    """Take *name* off the front of *title*: "S3.8 S3 buckets …", "[S3.8] …", "CVE-… - …"."""
    rest = title.removeprefix("[").removeprefix(name)
    if rest == title.removeprefix("[") or rest[:1].isalnum():
        return title
    return rest.lstrip(_AFTER_NAME) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a digest knows of one finding; *subject* names it as the Ledger does."""

    subject: str
    finding_id: str
    product_arn: str
    severity: Severity
    title: str
    product: str
    group: str
    """Name of its `Kind`."""
    group_title: str | None = None
    """None where the finding's title is that of the group as well."""
    account_id: str | None = None
    account_name: str | None = None
    region: str | None = None
    resource: str | None = None
    """Short name of the first one; *more_resources* counts the others."""
    more_resources: int = 0
    url: str | None = None
    is_ended: bool = False

    def to_attributes(self) -> dict[str, Any]:
        """Give the line as plain JSON values; what it does not know is left out."""
        known = asdict(self) | {"severity": self.severity.value}
        return {name: value for name, value in known.items() if value is not None and value != 0}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Read what `to_attributes` gave; any other attribute is passed over."""
        names = {each.name for each in fields(cls)}
        known = {name: value for name, value in attributes.items() if name in names}
        return cls(**known | {"severity": Severity(known["severity"])})


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one product and kind, the most severe first and those that ended last."""

    name: str
    product: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> str | None:
        """Give the title that all lines have; None where they differ or it is the name."""
        titles = {line.group_title or line.title for line in self.lines}
        return titles.pop() if len(titles) == 1 and self.name not in titles else None

    @property
    def severity(self) -> Severity:
        """Give the worst of what is open; once nothing is, the worst there was."""
        return self.lines[0].severity

    @property
    def count(self) -> int:
        """Count the findings, those that ended as well."""
        return len(self.lines)

    @property
    def is_over(self) -> bool:
        """Tell whether all of them ended."""
        return all(line.is_ended for line in self.lines)


def groups(lines: Iterable[Line]) -> list[Group]:
    """
    Put each of *lines* into its group: most severe first, then the most findings.

    Groups of which nothing is open any more come last.
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
    """Count the accounts that *lines* are about."""
    return len({line.account_id or line.account_name for line in lines} - {None})


def resources(lines: Iterable[Line]) -> int:
    """Count the resources that *lines* are about, each once whatever was found of it."""
    most: dict[tuple[str | None, ...], int] = {}
    for line in lines:
        if line.resource:
            key = (line.account_id, line.region, line.resource)
            most[key] = max(most.get(key, 0), 1 + line.more_resources)
    return sum(most.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A digest in numbers, to be said and to be compared with the next one's."""

    by_severity: Mapping[Severity, int]
    """Most severe first, and none that is zero."""
    ended: int = 0
    groups: tuple[str, ...] = ()
    """Names of the groups, each once and in their order."""
    are_groups_cut: bool = False

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Count *lines*."""
        counted = Counter(line.severity for line in lines)
        return cls(
            by_severity={each: counted[each] for each in reversed(Severity) if counted[each]},
            ended=sum(line.is_ended for line in lines),
            groups=tuple(dict.fromkeys(group.name for group in groups(lines))),
        )

    @property
    def count(self) -> int:
        """Count the findings."""
        return sum(self.by_severity.values())

    def to_attributes(self) -> dict[str, Any]:
        """Give the totals as plain JSON values; of more than 300 groups the first are kept."""
        return {
            "by_severity": {each.value: count for each, count in self.by_severity.items()},
            "ended": self.ended,
            "groups": list(self.groups[:_GROUPS_KEPT]),
            "are_groups_cut": self.are_groups_cut or len(self.groups) > _GROUPS_KEPT,
        }

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Self:
        """Read what `to_attributes` gave."""
        counted = attributes["by_severity"]
        return cls(
            by_severity={each: counted[each] for each in reversed(Severity) if each in counted},
            ended=attributes["ended"],
            groups=tuple(attributes["groups"]),
            are_groups_cut=attributes["are_groups_cut"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What changed since the digest before."""

    before: int
    """How many findings that one had."""
    changes: Mapping[Severity, int] = field(default_factory=dict)
    """By how many more or fewer, most severe first; none that is zero."""
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: Totals, now: Totals) -> Self:
        """Compare *now* with *before*; what that one kept no name of is not called new."""
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
