"""Malware that a product found: ASFF's Threats and Malware."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at
from finding_router.slack.kit.detail import Detail, exact, facts, joined, listings, said
from finding_router.slack.kit.text import Mrkdwn

_MOST_FILES: Final = 5
_STATES: Final = {"OBSERVED": None, "REMOVED": "removed", "REMOVAL_FAILED": "removal failed"}


def threat_detail(finding: Finding) -> Detail:
    """Return each threat with its severity, number of items, files and hashes."""
    threats = items_at(finding.raw, "Threats")
    files = [file for threat in threats for file in items_at(threat, "FilePaths")]
    return Detail(
        facts=facts(
            *(("Threat", _threat(threat)) for threat in threats[:_MOST_FILES]),
            *(("Malware", _malware(item)) for item in items_at(finding.raw, "Malware")),
            *((("File", _file(files[0])),) if len(files) == 1 else ()),
        ),
        listings=listings("Files", ("file", "files"), *map(_file, files)) if files[1:] else (),
    )


def threat_name(finding: Finding) -> str | None:
    """Return the name of the first threat."""
    names = (text_at(threat, "Name") for threat in items_at(finding.raw, "Threats"))
    return next(filter(None, names), None)


def _threat(threat: Mapping[str, Any]) -> Mrkdwn | None:
    count = number_at(threat, "ItemCount")
    items = None if not count else Mrkdwn(f"{count:.0f} item{'' if count == 1 else 's'}")
    return joined(" · ", exact(text_at(threat, "Name")), said(text_at(threat, "Severity")), items)


def _file(file: Mapping[str, Any]) -> Mrkdwn | None:
    path = text_at(file, "FilePath") or text_at(file, "FileName")
    digest = exact(text_at(file, "Hash"))
    return joined(" · ", exact(path), joined(" ", Mrkdwn("SHA-256"), digest) if digest else None)


def _malware(item: Mapping[str, Any]) -> Mrkdwn | None:
    kind = text_at(item, "Type")
    state = text_at(item, "State")
    return joined(
        " · ",
        exact(text_at(item, "Name")),
        said(kind.lower().replace("_", " ") if kind else None),
        exact(text_at(item, "Path")),
        said(_STATES.get(state or "", state)),
    )
