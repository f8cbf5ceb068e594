"""The layout for products without their own."""

from collections.abc import Iterator
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, texts_at
from finding_router.slack.kit import activity
from finding_router.slack.kit.detail import Detail, facts, joined, listings, said, several
from finding_router.slack.kit.fields import field_facts, file_of
from finding_router.slack.kit.headlines import (
    headline,
    resources_name,
    title_words,
)
from finding_router.slack.kit.sensitive_data import (
    access,
    found_in,
    results_of,
    sensitive_facts,
)
from finding_router.slack.kit.sequence import sequence_detail
from finding_router.slack.kit.text import Mrkdwn, one_line
from finding_router.slack.kit.threats import threat_detail
from finding_router.slack.kit.vulnerabilities import vulnerability_detail

_HIGHEST_RATIO: Final = 100
_BLOCKED: Final = {True: Mrkdwn("blocked"), False: Mrkdwn("not blocked"), None: None}
_PATCHES: Final = {
    "MissingCount": "missing",
    "FailedCount": "failed",
    "InstalledCount": "installed",
}


def lay_out(finding: Finding) -> Detail:
    """Return ASFF's general fields: activity, malware, vulnerabilities, own fields and more."""
    raw = finding.raw
    found = vulnerability_detail(finding)
    threats = threat_detail(finding)
    sequence = sequence_detail(finding) or Detail()
    fields = activity.fields_of(finding)
    blocked = _BLOCKED[activity.is_blocked(fields)]
    call, port = activity.call(fields, None), activity.port(fields)
    processes = activity.process_facts(finding, fields)
    general = facts(
        ("Actor", activity.actor(fields)),
        ("Call", joined(" · ", call, blocked) if call else None),
        ("Affected", activity.affected(fields)),
        ("Domain", activity.domain(fields)),
        ("Port", joined(" · ", port, None if call else blocked) if port else None),
        ("Blocked", said(_answer(blocked)) if blocked and not call and not port else None),
    )
    known = (
        *sequence.facts,
        *facts(("Access", access(finding))),
        *sensitive_facts(found_in(results_of(finding))),
        *threats.facts,
        *general,
        *found.facts,
        *processes,
        *activity.container_facts(finding),
        *activity.network_facts(finding),
        *facts(
            ("Indicators", several(*_indicators(finding))),
            ("Patches", _patches(finding)),
        ),
    )
    own = field_facts(finding, text_at(raw, "Process", "Path"), text_at(raw, "Process", "Name"))
    title = title_words(finding)
    if finding.types and finding.title in (finding.id, finding.generator_id):
        # Without a title the finding is called by an id, which is no fact.
        title = f"{one_line(finding.types[-1]).rpartition('/')[2]}: {title}"
    written = headline(title, file_of(finding) or resources_name(finding))
    return Detail(
        headline=written,
        occurrence=sequence.occurrence,
        sentence=None if title in written else one_line(finding.title),
        facts=(*known, *own),
        listings=(
            *threats.listings,
            *found.listings,
            *listings("Why", ("reason", "reasons"), *map(said, dict.fromkeys(_reasons(finding)))),
        ),
        small_print=tuple(filter(None, (*_small_print(finding), *found.small_print))),
    )


def _answer(blocked: Mrkdwn | None) -> str | None:
    return None if blocked is None else "no" if blocked.startswith("not") else "yes"


def _indicators(finding: Finding) -> Iterator[str | None]:
    """Yield each indicator with its category and source: "203.0.113.9 (command and control)"."""
    for item in items_at(finding.raw, "ThreatIntelIndicators"):
        value = text_at(item, "Value")
        category = (text_at(item, "Category") or "").lower().replace("_", " ")
        source = text_at(item, "Source")
        about = ", ".join(filter(None, (category, source)))
        yield f"{value} ({about})" if value and about else value


def _patches(finding: Finding) -> Mrkdwn | None:
    summary = finding.raw.get("PatchSummary")
    counts = ((number_at(summary, name), words) for name, words in _PATCHES.items())
    return joined(" · ", *(Mrkdwn(f"{count:,.0f} {words}") for count, words in counts if count))


def _reasons(finding: Finding) -> Iterator[str | None]:
    for reason in items_at(finding.raw, "Compliance", "StatusReasons"):
        yield text_at(reason, "Description") or text_at(reason, "ReasonCode")


def _small_print(finding: Finding) -> Iterator[Mrkdwn | None]:
    raw = finding.raw
    yield several(*(kind.rpartition("/")[2] for kind in finding.types))
    yield _titled("requires", several(*texts_at(raw, "Compliance", "RelatedRequirements")))
    for name in ("Confidence", "Criticality"):
        yield _titled(name.lower(), _ratio(finding, name))
    generator = said(text_at(raw, "GeneratorDetails", "Name"))
    yield _titled("rule", None if generator == said(finding.title) else generator)
    verified = text_at(raw, "VerificationState")
    states = {
        "TRUE_POSITIVE": "true positive",
        "BENIGN_POSITIVE": "benign positive",
        "FALSE_POSITIVE": "false positive",
    }
    yield _titled("verified as", said(states.get(verified or "")))
    related = len(items_at(raw, "RelatedFindings"))
    yield Mrkdwn(f"{related} related finding{'' if related == 1 else 's'}") if related else None


def _titled(label: str, value: Mrkdwn | None) -> Mrkdwn | None:
    return Mrkdwn(f"{label} {value}") if value else None


def _ratio(finding: Finding, name: str) -> Mrkdwn | None:
    number = number_at(finding.raw, name)
    if number is None:
        number = number_at(finding.raw.get("FindingProviderFields"), name)
    if number is None or not 0 <= number <= _HIGHEST_RATIO:
        return None
    return Mrkdwn(f"{number:.0f} of {_HIGHEST_RATIO}")
