"""Security Hub controls: configuration that violates a security standard."""

from collections.abc import Iterator
from re import IGNORECASE
from re import compile as regex
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import items_at, number_at, text_at, texts_at
from finding_router.findings.standards import standard_names
from finding_router.slack.kit.detail import Detail, facts, listings, said, several
from finding_router.slack.kit.headlines import (
    HEADLINE_CHARS,
    cut,
    headline,
    resources_name,
    title_words,
)
from finding_router.slack.kit.text import Mrkdwn, one_line, says_nothing

_VERDICTS: Final = {
    "FAILED": "failed",
    "NOT_AVAILABLE": "could not be checked",
    "PASSED": "passed",
    "WARNING": "warns",
}
# The titles of older findings begin with the control's id in its standard: "4.1 Ensure no …".
_CONTROL: Final = regex(r"^\[?(?:[A-Za-z][A-Za-z0-9.]*\.)?[0-9]+(?:\.[0-9]+)*\]?:?\s+")
# A description of the rule, the same for each resource.
_OF_THE_RULE: Final = regex(
    r"(?:this|the) (?:aws )?(?:controls?|check|rule)\b|checks? |.*\bit is recommended\b", IGNORECASE
)
_NUMBER: Final = regex(r"[0-9.]+")
_WORLD: Final = frozenset({"0.0.0.0/0", "::/0"})
_ALL_PORTS: Final = (0, 65535)
_MOST_PORTS: Final = 8


def lay_out(finding: Finding) -> Detail:
    """Return control and resource, the failure in a sentence, its reasons and expected values."""
    fields = finding.raw.get("ProductFields")
    reasons = [
        text_at(reason, "Description") or text_at(reason, "ReasonCode")
        for reason in items_at(finding.raw, "Compliance", "StatusReasons")
    ]
    annotation = text_at(fields, "aws/securityhub/annotation")
    why = listings("Why", ("reason", "reasons"), *map(said, dict.fromkeys((*reasons, annotation))))
    rule = _CONTROL.sub("", title_words(finding)) or title_words(finding)
    written = _headline(finding, rule)
    sentence = _sentence(finding, rule)
    is_of_rule = _is_of_rule(finding)
    required = several(*texts_at(finding.raw, "Compliance", "RelatedRequirements"))
    return Detail(
        headline=written,
        sentence="" if sentence and sentence in written else sentence,
        facts=facts(("Expected", several(*_parameters(finding)))),
        listings=why,
        small_print=(Mrkdwn(f"required by {required}"),) if required else (),
        standards=standard_names(finding),
        # The guide that the card links says it, and more.
        description="" if is_of_rule else None,
        title=rule,
    )


def _headline(finding: Finding, rule: str) -> str:
    """Return "EC2.19 failed: sg-0a1b (web-alb)"; the rule stands for a resource without a name."""
    if finding.control_id is None:
        return headline(rule, resources_name(finding))
    verdict = _VERDICTS.get(finding.compliance_status or "")
    control = one_line(finding.control_id)
    if _NUMBER.fullmatch(control):
        # The number of a rule says nothing without its standard.
        standard = next(iter(standard_names(finding)), "").partition(" v")[0]
        control = f"{standard} {control}".strip()
    fact = " ".join(filter(None, (control, verdict)))
    name = resources_name(finding)
    return headline(fact, name) if name else cut(f"{fact}: {rule}", HEADLINE_CHARS)


def _sentence(finding: Finding, rule: str) -> str | None:
    """Return the fault of the resource, else the rule; None if the description has it."""
    description = one_line(finding.description or "")
    if not says_nothing(description) and not _is_of_rule(finding):
        return None if description.rstrip(".") != rule else rule
    ports = list(dict.fromkeys(_open_to_the_world(finding)))
    if ports:
        more = f" and {len(ports) - _MOST_PORTS} more" if ports[_MOST_PORTS:] else ""
        return f"Open to the world: {', '.join(ports[:_MOST_PORTS])}{more}"
    return rule


def _is_of_rule(finding: Finding) -> bool:
    return _OF_THE_RULE.match(one_line(finding.description or "")) is not None


def _open_to_the_world(finding: Finding) -> Iterator[str]:
    """Yield the ports that the rules of a security group open to every address."""
    for resource in finding.resources:
        details = resource.raw.get("Details")
        for rule in items_at(details, "AwsEc2SecurityGroup", "IpPermissions"):
            ranges = (
                *(text_at(each, "CidrIp") for each in items_at(rule, "IpRanges")),
                *(text_at(each, "CidrIpv6") for each in items_at(rule, "Ipv6Ranges")),
            )
            if _WORLD.intersection(ranges):
                yield _ports_of(number_at(rule, "FromPort"), number_at(rule, "ToPort"))


def _ports_of(start: float | None, end: float | None) -> str:
    if start is None or end is None or start < 0 or (start, end) == _ALL_PORTS:
        return "all ports"
    return f"{start:.0f}" if start == end else f"{start:.0f}-{end:.0f}"


def _parameters(finding: Finding) -> list[str]:
    shown = []
    for parameter in items_at(finding.raw, "Compliance", "SecurityControlParameters"):
        name = text_at(parameter, "Name")
        values = ", ".join(texts_at(parameter, "Value"))
        if name and values:
            shown.append(f"{name} = {values}")
    return shown
