"""Fields that only one product knows: ASFF's ProductFields and Details.Other."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from re import compile as regex
from typing import Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.reading import as_text
from finding_router.slack.kit.detail import VALUE_CHARS, Fact, exact, said
from finding_router.slack.kit.headlines import cut
from finding_router.slack.kit.links import Outside, outside
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import ELLIPSIS, Mrkdwn, clean, link, one_line, says_nothing

_MOST_SHOWN: Final = 8
_MOST_READ: Final = 100
_LABEL_CHARS: Final = 30
# Security Hub's own fields, about the import of the finding.
_OWN: Final = "aws/securityhub/"
# Words in the names of fields that distinguish findings, and of fields without use to readers.
_FIRST: Final = (
    ("command", "parent"),
    ("file", "path", "line"),
    ("rule", "policy", "check"),
    ("author", "user", "email", "owner"),
    ("commit", "branch", "repository", "repo"),
    ("sha256", "sha1", "md5", "hash", "disposition"),
    ("domain", "ip", "address", "host", "port", "image", "namespace", "tactic", "technique"),
)
_LAST: Final = frozenset(
    {
        "id",
        "uid",
        "uuid",
        "cid",
        "arn",
        "version",
        "count",
        "created",
        "updated",
        "provider",
        "time",
    }
)
# The match of a scanner may be the secret itself, which must not be posted.
_HIDDEN: Final = frozenset({"secret", "match", "password", "token", "credential", "raw"})
# Versions of the tool, not of the affected software.
_OF_THE_TOOL: Final = frozenset({"product version", "provider version", "schema version"})
# The card says it in the line of the place.
_PREVIOUS: Final = "PreviousComplianceStatus"
# "SHA256String" and "ruleId" have a word border before each word in capitals.
_BORDER: Final = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[0-9])(?=[A-Z][a-z])")
_NO_LETTER: Final = regex(r"[\W_]+")
_EXACT: Final = regex("(?i)command|file|path|line|argument")
_START_LINE: Final = frozenset({"start line", "line", "line number", "line start", "startline"})
_END_LINE: Final = frozenset({"end line", "line end", "endline"})
_FILES: Final = ("file path", "file", "filename", "file name", "path")
_ACRONYMS: Final = {
    "api": "API",
    "arn": "ARN",
    "aws": "AWS",
    "cve": "CVE",
    "id": "ID",
    "ip": "IP",
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "url": "URL",
}


class Field(NamedTuple):
    """A field: its *name* in words, of letters, digits and blanks alone, and its *value*."""

    name: str
    value: str


def field_facts(finding: Finding, *others: str | None) -> tuple[Fact, ...]:
    """
    Return the fields that tell most, without those whose value is among *others* or the finding's.

    A value that an address of the finding ends in, such as a commit, is linked to it.
    """
    fields = _with_lines(list(islice(_fields(finding), _MOST_READ)))
    targets = [*_addresses(finding, (field.value for field in fields))]
    known = {one_line(text) for text in _said(finding) if text}
    known |= {one_line(text) for text in others if text}
    # An address that another value is the end of is the link of that value.
    values = [one_line(field.value) for field in fields]
    known |= {url for url in values if any(_is_end(value, url) for value in values)}
    shown: list[Fact] = []
    for field in sorted(fields, key=_rank):
        value = one_line(field.value)
        text = None if value in known else _linked(field.name, value, targets)
        known.add(value)
        if text:
            shown.append(Fact(field.name, text))
    return tuple(shown[:_MOST_SHOWN])


def file_of(finding: Finding) -> str | None:
    """Return the file with its lines, "config/prod.env:12", if the fields name both."""
    fields = list(islice(_fields(finding), _MOST_READ))
    first = next(iter(_with_lines(fields)), None)
    return first.value if first and first not in fields else None


def _fields(finding: Finding) -> Iterator[Field]:
    sources = [resource.raw.get("Details") for resource in finding.resources[:_MOST_SHOWN]]
    others = [source.get("Other") for source in sources if isinstance(source, Mapping)]
    for source in (*others, finding.raw.get("ProductFields")):
        if isinstance(source, Mapping):
            for key, value in source.items():
                text = as_text(value)
                if str(key).startswith((_OWN, _PREVIOUS)) or text is None or says_nothing(text):
                    continue
                name = _spelled(str(key).rpartition("/")[2])
                if name and name.lower() not in _HIDDEN | _OF_THE_TOOL:
                    yield Field(name, text)


def _spelled(key: str) -> str:
    """Return *key* in words ("parent command line"), or "" if too little of it can be read."""
    parts = _NO_LETTER.sub(" ", _BORDER.sub(" ", clean(key))).split()
    if parts[1:] and parts[-1] == "String":
        parts.pop()
    words = [part if part.isupper() and len(part) > 1 else part.lower() for part in parts]
    name = cut(" ".join(_ACRONYMS.get(word.lower(), word) for word in words), _LABEL_CHARS).rstrip(
        ELLIPSIS
    )
    return name[:1].upper() + name[1:] if len(name) > 1 else ""


def _with_lines(fields: list[Field]) -> list[Field]:
    """Return *fields* with the numbers of lines behind the file: "config/prod.env:12"."""
    by_name = {field.name.lower(): field.value for field in fields}
    start = next((by_name[name] for name in by_name if name in _START_LINE), None)
    end = next((by_name[name] for name in by_name if name in _END_LINE), None)
    file = next((by_name[name] for name in _FILES if name in by_name), None)
    if start is None or file is None:
        return fields
    span = "-".join(dict.fromkeys(filter(None, (start, end))))
    lines = _START_LINE | _END_LINE
    kept = [field for field in fields if field.name.lower() not in lines and field.value != file]
    return [Field("File", f"{file}:{span}"), *kept]


def _rank(field: Field) -> tuple[int, bool]:
    words = set(field.name.lower().replace("sha-", "sha").split())
    for rank, names in enumerate(_FIRST):
        if words & set(names):
            return rank, bool(words & _LAST)
    return len(_FIRST) + bool(words & _LAST), False


def _said(finding: Finding) -> Iterator[str | None]:
    """Yield the values that a card shows anyway."""
    yield from (
        finding.id,
        finding.title,
        finding.description,
        finding.account_id,
        finding.account_name,
        finding.region,
        finding.product,
        finding.source_url,
        finding.remediation_url,
        finding.product_arn,
    )
    for resource in finding.resources:
        yield from (resource.id, short_name(resource))


def _addresses(finding: Finding, values: Iterable[str]) -> Iterator[Outside]:
    """Yield the https addresses among the ids of the resources and *values*."""
    for text in (*(resource.id for resource in finding.resources), *values):
        target = outside(text, None, None) if text.strip().startswith("https://") else None
        if target:
            yield target


def _linked(name: str, value: str, targets: list[Outside]) -> Mrkdwn | None:
    """Return *value* as code or, where one of *targets* is it or ends in it, as a link."""
    for target in targets:
        if target.url == value:
            return link(target.url, target.host, VALUE_CHARS)
        if _is_end(value, target.url):
            # The host is said, since the address is not the router's.
            return link(target.url, f"{value} on {target.host}", VALUE_CHARS)
    is_prose = " " in value and not _EXACT.search(name)
    return said(value) if is_prose else exact(value)


def _is_end(value: str, url: str) -> bool:
    return len(value) > 1 and url.startswith("https://") and url.endswith(f"/{value}")
