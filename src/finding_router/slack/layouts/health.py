"""Health: security notifications of AWS to the account, in long text."""

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.detail import Detail, exact, facts
from finding_router.slack.kit.text import date


def lay_out(finding: Finding) -> Detail:
    r"""Return the event, its times and its text, with literal ``\n`` turned into newlines."""
    fields = finding.raw.get("ProductFields")
    started = parse_timestamp(text_at(fields, "HealthEventStartTime"))
    ended = parse_timestamp(text_at(fields, "HealthEventEndTime"))
    text = finding.description
    event = finding.generator_id or ""
    return Detail(
        facts=facts(
            ("Event", None if event in finding.title else exact(event)),
            ("Starts", date(started) if started else None),
            ("Ends", date(ended) if ended else None),
        ),
        description=text.replace("\\r\\n", "\n").replace("\\n", "\n") if text else None,
    )
