"""Health: security notifications of AWS to the account, in long text."""

from re import compile as regex
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.detail import Detail, exact, facts, pages
from finding_router.slack.kit.headlines import headline, resources_name, title_words
from finding_router.slack.kit.links import Arn, guide_url, product_url
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import date, one_line

_EXPOSED: Final = ("CREDENTIALS_EXPOSED", "CREDENTIALS_EXPOSURE_SUSPECTED")
_COMPROMISED: Final = "CREDENTIALS_COMPROMISED"
_KEY: Final = regex(r"\bA[KS]IA[A-Z0-9]{12,124}\b")
_USER: Final = regex(r"(?:\bUser(?:name)?: *|\bIAM user )([\w+=,.@-]{1,64})")
_CODE: Final = regex(r"AWS_[A-Z0-9_]+")
# Words of the API's event codes that people write in capitals.
_ACRONYMS: Final = frozenset(
    {"ACM", "API", "CA", "DNS", "EBS", "EC2", "ECR", "ECS", "EKS", "ELB", "IAM", "KMS", "MFA"}
    | {"RDS", "S3", "SES", "SNS", "SQS", "SSL", "TLS", "VPC", "VPN", "WAF"}
)
# Event codes begin with the service, or with RISK or ABUSE.
_VAGUE: Final = frozenset({"RISK"})
_SALUTATION_CHARS: Final = 60
_CALLS: Final = "cloudtrailv2/home?region={region}#/events?AccessKeyId={key}"


def lay_out(finding: Finding) -> Detail:
    r"""Return the event in words, its times and its text, with ``\n`` turned into newlines."""
    fields = finding.raw.get("ProductFields")
    started = parse_timestamp(text_at(fields, "HealthEventStartTime"))
    ended = parse_timestamp(text_at(fields, "HealthEventEndTime"))
    written = finding.description
    text = written.replace("\\r\\n", "\n").replace("\\n", "\n").strip() if written else None
    code = _code(finding)
    key = _key(finding, text or "")
    is_exposed = code.endswith((*_EXPOSED, _COMPROMISED))
    return Detail(
        headline=_headline(finding, code, key, text or ""),
        sentence=_first_sentence(text) if text else None,
        facts=facts(
            ("Starts", date(started) if started else None),
            ("Ends", date(ended) if ended else None),
        ),
        pages=pages(
            ("Health", finding.source_url),
            (
                "CloudTrail of the key",
                product_url(finding, _CALLS, key=key) if key and is_exposed else None,
            ),
            (
                "If a key leaked",
                guide_url(finding, "IAM/latest/UserGuide/id_credentials_access-keys-update.html")
                if is_exposed
                else None,
            ),
        ),
        small_print=tuple(filter(None, (exact(code or None),))),
        description=text,
        title="" if code else None,
    )


def _code(finding: Finding) -> str:
    for source in (finding.generator_id, finding.title):
        found = _CODE.search(source or "")
        if found:
            return found[0]
    return ""


def _key(finding: Finding, text: str) -> str | None:
    names = [short_name(resource) for resource in finding.resources]
    found = (_KEY.search(source) for source in (*names, text))
    return next((key[0] for key in found if key), None)


def _headline(finding: Finding, code: str, key: str | None, text: str) -> str:
    if key and code.endswith((*_EXPOSED, _COMPROMISED)):
        user = _USER.search(one_line(text)) or _USER.search(text)
        fact = "Compromised access key" if code.endswith(_COMPROMISED) else "Exposed access key"
        return f"{fact} {key}" + (f" of {user[1].rstrip('.,')}" if user else "")
    name = resources_name(finding)
    return headline(_words(code, finding) if code else title_words(finding), name)


def _words(code: str, finding: Finding) -> str:
    """Return "WAF security notification" for AWS_WAF_SECURITY_NOTIFICATION."""
    arn = Arn.read(finding.id)
    service = arn.id.split("/")[0] if arn and arn.kind == "event" else ""
    words = code.removeprefix("AWS_").split("_")
    if words[1:] and words[0] in _VAGUE:
        words = words[1:]
    spelled = [
        word if word in _ACRONYMS or word == service else word.lower() for word in words if word
    ]
    line = " ".join(spelled)
    return line[:1].upper() + line[1:]


def _first_sentence(text: str) -> str:
    """Return the first sentence, without the salutation before it."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if lines[1:] and len(lines[0]) < _SALUTATION_CHARS and lines[0].endswith((",", ":", "!")):
        lines = lines[1:]
    first, dot, _ = (lines[0] if lines else "").partition(". ")
    return first + ("." if dot else "")
