"""
The product that reported a finding, as its ProductArn proves it.

Only Security Hub itself writes ``arn:PARTITION:securityhub:REGION::product/aws/SLUG``, in OCSF with
"productv2". Every other ARN belongs to a partner or to an account, whose ProductName and other
fields are free text: they name the product, but they never make it a service of AWS.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from finding_router.characters import INVISIBLE
from finding_router.findings.reading import text_at

UNKNOWN: Final = "Unknown"

SECURITY_HUB: Final = "Security Hub"
GUARDDUTY: Final = "GuardDuty"
INSPECTOR: Final = "Inspector"
ACCESS_ANALYZER: Final = "IAM Access Analyzer"
MACIE: Final = "Macie"
CONFIG: Final = "Config"
HEALTH: Final = "Health"
FIREWALL_MANAGER: Final = "Firewall Manager"
PATCH_MANAGER: Final = "Patch Manager"

# The end of the ProductArn is stable; the ProductName of a control finding is "Security Hub" in
# some AWS documents and "Security Hub CSPM" in others.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-internal-providers.html
BY_SLUG: Final = {
    "securityhub": SECURITY_HUB,
    "guardduty": GUARDDUTY,
    "inspector": INSPECTOR,
    "access-analyzer": ACCESS_ANALYZER,
    "macie": MACIE,
    "config": CONFIG,
    "health": HEALTH,
    "firewall-manager": FIREWALL_MANAGER,
    "ssm-patch-manager": PATCH_MANAGER,
}
_OF_AWS: Final = re.compile(
    r"arn:aws(?:-[a-z]+)*:securityhub:[a-z0-9-]+::product(?:v2)?/aws/([a-z0-9-]+)"
)
# Further names by which people know the services above, and those that work with Security Hub.
_OTHER_NAMES: Final = (
    *("Security Hub Coverage", "Security Hub Exposure Analysis", "Security Hub Exposure Detection"),
    *("Security Hub CSPM", "Security Hub Advanced", "GuardDuty Malware Protection", "Inspector2"),
    *("Inspector v2", "Inspector Classic", "Access Analyzer", "Macie2", "Macie Classic"),
    *("Systems Manager", "Systems Manager Patch Manager", "SSM Patch Manager", "Detective"),
    *("IoT Device Defender", "Route 53 Resolver DNS Firewall", "Security Lake", "Audit Manager"),
    *("Trusted Advisor", "CloudTrail", "CloudWatch", "Control Tower", "Shield Advanced"),
)
_VENDORS: Final = ("aws", "amazon")
_VENDOR_WORDS: Final = [[vendor] for vendor in _VENDORS]
# No service has so long a name.
_NAME_CHARS: Final = 100
# Letters of other scripts that look like a Latin one, in the order of the row below.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0455\u0456\u0458"
    "\u0501\u051b\u051d\u04bb\u03b1\u03b3\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131"
    "\u0261\u0578\u057d",
    "abekmhopctyxsijdqwhayikvoptuxignu",
)
# In OCSF, the ARN of a partner's product ends so.
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Default names of an account's own product.
_NAMELESS: Final = frozenset({"default", "personal"})
_DEFAULT: Final = "Default"


class Product(NamedTuple):
    """The product of a finding."""

    name: str
    """Short display name: "GuardDuty", "Security Hub", a partner's or an account's own name."""
    claims: str | None = None
    """Name of a service of AWS by which the finding calls its product, unproven by the ARN."""


def service_of(product_arn: str) -> str | None:
    """Return the short name of the service of AWS that *product_arn* proves; None if it is none."""
    found = _OF_AWS.fullmatch(product_arn)
    return None if found is None else BY_SLUG.get(found[1]) or _spelled(found[1])


def product_of(product_arn: str, raw: object) -> Product:
    """
    Return the product of the finding in *raw*, parsed JSON.

    A service of AWS is recognised by its ARN alone. Any other product has the name that the
    finding states, unless that is a service of AWS, nothing, or "Default": then
    a partner's product is named by its ARN, and an account's by ProviderName or GeneratorId.
    """
    given = (
        text_at(raw, "ProductName"),
        text_at(raw, "ProductFields", "aws/securityhub/ProductName"),
        text_at(raw, "ProductFields", "ProviderName"),
    )
    service = service_of(product_arn)
    if service is not None:
        return Product(_service_name(service, given[:2]))
    claims = next((name.strip() for name in given if name and is_service_name(name)), None)
    segments = _segments(product_arn)
    is_of_account = bool(segments) and segments[-1].casefold() in _NAMELESS
    own = given if is_of_account or not segments else (*given[:2], *_own_names(segments))
    later = (text_at(raw, "GeneratorId"), _company(raw)) if is_of_account else ()
    name = next(filter(None, map(_usable, (*own, *later))), None)
    return Product(name or (_DEFAULT if is_of_account else UNKNOWN), claims)


def is_service_name(name: str) -> bool:
    """
    Return True if people would take *name* for that of a service of AWS.

    Case, separators, accents, look-alike letters and invisible characters make no difference.
    """
    words = _words(name[:_NAME_CHARS])
    joined = "".join(words)
    bare = {joined, *map(joined.removeprefix, _VENDORS)}
    return words[:1] in _VENDOR_WORDS or not bare.isdisjoint(_service_names())


def _service_name(service: str, names: Iterable[str | None]) -> str:
    """Return the name of a *service*; one without a name of its own here is called as it says."""
    if service in BY_SLUG.values():
        return service
    others = {_joined(each) for each in BY_SLUG.values()}
    said = (name.strip() for name in names if name and name.strip())
    return next((name for name in said if _joined(_without_vendor(name)) not in others), service)


def _usable(name: str | None) -> str | None:
    """Return *name*, trimmed; None if it names nothing, a resource, or a service of AWS."""
    text = (name or "").strip()
    is_nothing = not text or text.casefold() in _NAMELESS or text.startswith("arn:")
    return None if is_nothing or is_service_name(text) else text


def _own_names(segments: list[str]) -> tuple[str, ...]:
    """Return the names of a partner's product in its ARN: the product's, then with the company."""
    if _UUID.fullmatch(segments[-1]):
        return ()
    return _spelled(segments[-1]), " ".join(map(_spelled, segments[-2:]))


def _company(raw: Any) -> str | None:
    return text_at(raw, "CompanyName") or text_at(
        raw, "ProductFields", "aws/securityhub/CompanyName"
    )


def _segments(product_arn: str) -> list[str]:
    """Split the path of ``arn:…:product/COMPANY/PRODUCT``, the text after the last colon."""
    path = product_arn.rpartition(":")[2].strip()
    path = path.removeprefix("product/").removeprefix("productv2/")
    return [segment.strip() for segment in path.split("/") if segment.strip()]


def _spelled(segment: str) -> str:
    words = segment.replace("-", " ").replace("_", " ").split()
    return " ".join(word[0].upper() + word[1:] for word in words) or segment


def _without_vendor(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if first.casefold() in _VENDORS else name


def _words(name: str) -> list[str]:
    """Return the words of *name* as people see them: "Amazon Guard-Duty" is amazon, guard, duty."""
    # Only products that are not AWS's are compared, and most events are about AWS's.
    import unicodedata  # noqa: PLC0415 -- a start of the function does not need it

    visible = unicodedata.normalize("NFKD", INVISIBLE.sub("", name))
    seen = visible.casefold().translate(_LOOK_ALIKES)
    letters = (
        letter if letter.isalnum() else " " for letter in seen if not unicodedata.combining(letter)
    )
    return "".join(letters).split()


def _joined(name: str) -> str:
    return "".join(_words(name))


@lru_cache(maxsize=1)
def _service_names() -> frozenset[str]:
    return frozenset(map(_joined, (*BY_SLUG, *BY_SLUG.values(), *_OTHER_NAMES)))
