"""Short names of the products that report findings."""

from typing import Final

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

# Only the end of the ProductArn is stable: the ProductName of a control finding is "Security Hub"
# in some AWS documents and "Security Hub CSPM" in others.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-internal-providers.html
_BY_ARN: Final = {
    "aws/securityhub": SECURITY_HUB,
    "aws/guardduty": GUARDDUTY,
    "aws/inspector": INSPECTOR,
    "aws/access-analyzer": ACCESS_ANALYZER,
    "aws/macie": MACIE,
    "aws/config": CONFIG,
    "aws/health": HEALTH,
    "aws/firewall-manager": FIREWALL_MANAGER,
    "aws/ssm-patch-manager": PATCH_MANAGER,
}
_BY_NAME: Final = {
    **{name.casefold(): name for name in _BY_ARN.values()},
    "security hub cspm": SECURITY_HUB,
    "systems manager patch manager": PATCH_MANAGER,
}
_VENDORS: Final = ("aws ", "amazon ")


def product_name(product_arn: str, *names: str | None) -> str:
    """
    Return the short name of the product behind *product_arn*.

    AWS's own products are recognised by the end of their ARN, whatever the finding calls them. For
    any other, the result is the first of *names* that is not blank, else the ARN's last segment.
    """
    segments = _segments(product_arn)
    known = _BY_ARN.get("/".join(segments).lower())
    if known is not None:
        return known
    for name in names:
        if name is not None and name.strip():
            return _shortened(name.strip())
    return _shortened(_spelled(segments[-1])) if segments else UNKNOWN


def _segments(product_arn: str) -> list[str]:
    """Split the path of ``arn:…:product/COMPANY/PRODUCT``, the text after the last colon."""
    path = product_arn.rpartition(":")[2].strip().removeprefix("product/")
    return [segment.strip() for segment in path.split("/") if segment.strip()]


def _spelled(segment: str) -> str:
    words = segment.replace("-", " ").replace("_", " ").split()
    return " ".join(word[0].upper() + word[1:] for word in words) or segment


def _shortened(name: str) -> str:
    bare = name.casefold()
    for vendor in _VENDORS:
        bare = bare.removeprefix(vendor)
    return _BY_NAME.get(bare.strip(), name)
