"""Short names of the security standards that a control finding belongs to."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.products import SECURITY_HUB
from finding_router.findings.reading import items_at, text_at

# Keyed by NAME in a standard's id, PREFIX/NAME/v/VERSION.
# https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
_NAMES: Final = {
    "aws-foundational-security-best-practices": "AWS FSBP",
    "aws-resource-tagging-standard": "AWS Resource Tagging",
    "cis-aws-foundations-benchmark": "CIS",
    "nist-800-171": "NIST SP 800-171",
    "nist-800-53": "NIST SP 800-53",
    "pci-dss": "PCI DSS",
    "service-managed-aws-control-tower": "AWS Control Tower",
}
# PREFIX depends on the field that the id comes from.
_PREFIXES: Final = ("standards/", "ruleset/", "control/", "subscription/")
_VERSION: Final = "/v/"


class _Standard(NamedTuple):
    name: str
    control: str | None
    """The control's id in this standard, which may not be its id in Security Hub."""


def standard_name(finding: Finding) -> str | None:
    """
    Return the name of the standard of *finding*: "AWS FSBP v1.0.0", "CIS v3.0.0 5.2".

    The control's id in the standard follows if it differs from its id in Security Hub. Return None
    if the finding is not of exactly one standard; consolidated control findings are of several.
    """
    if finding.service != SECURITY_HUB:
        return None
    fields = finding.raw.get("ProductFields")
    control = text_at(fields, "ControlId") or text_at(fields, "RuleId")
    for written in (
        text_at(fields, "StandardsControlArn"),
        text_at(fields, "StandardsArn"),
        text_at(fields, "StandardsGuideArn"),
        finding.generator_id,
    ):
        if written and _VERSION in written:
            standard = _read(written)
            own = standard.control or control
            return standard.name if own in (None, finding.control_id) else f"{standard.name} {own}"
    [*associated] = _associated(finding)
    return associated[0] if len(associated) == 1 else None


def standard_names(finding: Finding) -> tuple[str, ...]:
    """Return the names of all standards that *finding* lists for its control, without repeats."""
    own = standard_name(finding)
    others = [
        name
        for name in _associated(finding)
        if own is None or (own != name and not own.startswith(f"{name} "))
    ]
    return tuple(dict.fromkeys([own, *others] if own else others))


def _associated(finding: Finding) -> Iterator[str]:
    for each in items_at(finding.raw, "Compliance", "AssociatedStandards"):
        written = text_at(each, "StandardsId")
        if written:
            yield _read(written).name


def _read(written: str) -> _Standard:
    """
    Parse ``PREFIX/NAME/v/VERSION/CONTROL``, alone or at the end of an ARN.

    An id of any other form becomes the name unchanged.
    """
    path = written.rpartition(":")[2] if _VERSION in written else written
    for prefix in _PREFIXES:
        path = path.removeprefix(prefix)
    name, _, rest = path.partition(_VERSION)
    version, _, control = rest.partition("/")
    spoken = _NAMES.get(name, name)
    return _Standard(
        name=f"{spoken} v{version}" if version else spoken,
        control=control.removeprefix("rule/") or None,
    )
