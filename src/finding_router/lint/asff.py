"""
The fields of a finding and of the event around it, with the values that each may have.

The fields of ASFF, their types and their closed sets are those of botocore's model of Security Hub,
and so are the Regions and partitions: an update of botocore brings new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

from botocore.session import Session

from finding_router.findings.events import CUSTOM_ACTION, IMPORTED, IMPORTED_V2, SOURCE
from finding_router.findings.products import BY_SLUG, PATCH_MANAGER
from finding_router.lint.values import (
    AccountIds,
    Numbers,
    OneOf,
    ProductArns,
    Regions,
    Texts,
    Values,
    known_names,
)
from finding_router.routing.items.match import ACCOUNT

_TRUTH: Final = OneOf((True, False), "truth value")
_PERCENT: Final = OneOf(tuple(range(101)), "number that the field has")
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
# Real events carry these, though botocore's model has no such members.
_UNLISTED: Final = {
    "FindingProviderFields.Severity": ("Normalized", "Product"),
}
# The last part of the ProductArn of each AWS service that sends findings.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-internal-providers.html
SERVICES: Final = (*BY_SLUG, "iot-device-defender-audit", "iot-device-defender-detect")
# Findings have a longer name for one of them.
_PRODUCT_NAMES: Final = (
    *(name for name in BY_SLUG.values() if name != PATCH_MANAGER),
    f"Systems Manager {PATCH_MANAGER}",
)
_OTHER_WORDS: Final = {
    "access analyzer": "IAM Access Analyzer",
    "identity and access management access analyzer": "IAM Access Analyzer",
    "inspector2": "Inspector",
    "macie2": "Macie",
    "patch manager": "Systems Manager Patch Manager",
    "ssm patch manager": "Systems Manager Patch Manager",
}
# The fields of a finding of AWS Security Hub, in OCSF, of which a version may have more inside.
_OCSF_OBJECTS: Final = (
    *("cloud", "compliance", "databucket", "evidences", "finding_info", "malware", "metadata"),
    *("actor", "device", "enrichments", "observables", "remediation", "resource", "resources"),
    *("unmapped", "vendor_attributes", "vulnerabilities"),
)
_OCSF_NUMBERS: Final = (
    *("category_uid", "confidence_id", "count", "impact_id", "likelihood_id", "risk_level_id"),
    *("time", "type_uid"),
)
# https://schema.ocsf.io/classes/base_event, and the classes of its category of findings.
_OCSF_SETS: Final[Mapping[str, tuple[int, ...]]] = {
    "activity_id": (1, 2, 3),
    "class_uid": (2001, 2002, 2003, 2004, 2005, 2006, 2007),
    "severity_id": (0, 1, 2, 3, 4, 5, 6, 99),
    "status_id": (0, 1, 2, 3, 4, 5, 99),
}
_OCSF_TEXTS: Final = (
    *("activity_name", "category_name", "class_name", "comment", "impact", "likelihood"),
    *("message", "risk_level", "severity", "status", "status_code", "status_detail", "time_dt"),
    *("start_time_dt", "end_time_dt", "risk_details", "timezone_offset", "type_name"),
)
OCSF_FIELDS: Final = frozenset((*_OCSF_OBJECTS, *_OCSF_NUMBERS, *_OCSF_SETS, *_OCSF_TEXTS))
# Fields of ASFF that no finding in OCSF is shown with.
NOT_OF_OCSF: Final = frozenset(
    (
        *("Confidence", "Criticality", "FindingProviderFields", "GeneratorDetails", "Network"),
        *("NetworkPath", "PatchSummary", "ProcessedAt", "RelatedFindings", "Sample"),
        *("ThreatIntelIndicators", "Threats", "UserDefinedFields", "VerificationState"),
        "WorkflowState",
    )
)
# Products that spell the name of an AWS product in another way, and mean it.
_SPELT_SO: Final = ("Security Hub CSPM",)


@dataclass(frozen=True, eq=False)
class Place:
    """
    A place in a finding or event: a map of named fields, a map of any names, or a value.

    *name* is its dotted path below the finding. Arrays are no places of their own.
    """

    name: str = ""
    values: Values | None = None
    is_free: bool = False
    shape: Any = field(default=None, repr=False)
    fields: Mapping[str, "Place"] = field(default_factory=dict, repr=False)

    @cached_property
    def inside(self) -> Mapping[str, "Place"]:
        """Return the places of the named fields."""
        if self.shape is None:
            return self.fields
        places = {each: _place(self._path(each), one) for each, one in self.shape.members.items()}
        if not self.name:
            places |= _ocsf()
        for each in _UNLISTED.get(self.name, ()):
            places[each] = Place(self._path(each), values=Numbers())
        if not self.name:
            places[ACCOUNT] = _account_place()
        return places

    def _path(self, name: str) -> str:
        return f"{self.name}.{name}" if self.name else name


ANYTHING: Final = Place(is_free=True)


def _ocsf() -> Mapping[str, Place]:
    """Return the places of OCSF's own fields, in a finding that AWS Security Hub sent."""
    return {
        **dict.fromkeys(_OCSF_OBJECTS, ANYTHING),
        **{name: Place(name, values=Numbers()) for name in _OCSF_NUMBERS},
        **{
            name: Place(name, values=OneOf(each, "number that OCSF has for it"))
            for name, each in _OCSF_SETS.items()
        },
        **{name: Place(name, values=Texts()) for name in _OCSF_TEXTS},
    }


@cache
def finding_place() -> Place:
    """Return the place of a finding."""
    return Place(shape=_session().get_service_model("securityhub").shape_for("AwsSecurityFinding"))


@cache
def _account_place() -> Place:
    """Return the place of the account that the router adds from AWS Organizations."""
    shape: Any = _session().get_service_model("organizations").shape_for("AccountState")
    name, state, ou, tags = (f"{ACCOUNT}.{each}" for each in ("Name", "State", "Ou", "Tags"))
    return Place(
        ACCOUNT,
        fields={
            "Name": Place(name, values=Texts()),
            "State": Place(state, values=OneOf(tuple(shape.enum), "state that an account has")),
            "Ou": Place(ou, values=Texts()),
            "Tags": Place(tags, is_free=True),
        },
    )


@cache
def event_place() -> Place:
    """Return the place of an event with findings; a person's action has a name besides."""
    text = Place(values=Texts())
    detail = {"findings": finding_place(), "actionName": text, "actionDescription": text}
    return Place(
        fields={
            "source": Place(values=OneOf((SOURCE,), "source of events that reach the router")),
            "detail-type": Place(
                values=OneOf(
                    (IMPORTED, IMPORTED_V2, CUSTOM_ACTION), "detail-type that reaches the router"
                )
            ),
            "account": Place(values=AccountIds()),
            "region": Place(values=Regions(tuple(regions()))),
            "detail": Place(fields=detail),
            **dict.fromkeys(("version", "id", "time", "resources", "replay-name"), text),
        }
    )


@cache
def closed_set(path: str) -> tuple[str, ...]:
    """Return the values that ASFF has for the field at the dotted *path* of a finding."""
    place = finding_place()
    for name in path.split("."):
        place = place.inside[name]
    return tuple(place.values.values) if isinstance(place.values, OneOf) else ()  # type: ignore[arg-type]


@cache
def regions() -> Mapping[str, str]:
    """Return the partition of every Region that botocore knows."""
    loader = _session().get_component("data_loader")
    found: dict[str, str] = {}
    for partition in loader.load_data("endpoints")["partitions"]:
        found |= dict.fromkeys(partition["regions"], partition["partition"])
    for partition in loader.load_data("partitions")["partitions"]:
        names = (name for name in partition["regions"] if not name.endswith("-global"))
        found |= dict.fromkeys(names, partition["id"])
    return found


@cache
def _session() -> Session:
    return Session()


def _place(path: str, shape: Any) -> Place:
    while shape.type_name == "list":
        shape = shape.member
    # The model that is deployed is trimmed: it has no details of resources.
    is_known = shape.type_name == "structure" and shape.members
    if is_known:
        return Place(path, shape=shape)
    if shape.type_name in {"structure", "map"}:
        return Place(path, is_free=True)
    return Place(path, values=_known_better().get(path) or _values(shape))


def _values(shape: Any) -> Values:
    if shape.type_name in _NUMBERS:
        return Numbers()
    if shape.type_name == "boolean":
        return _TRUTH
    return OneOf(tuple(shape.enum)) if getattr(shape, "enum", None) else Texts()


@cache
def _known_better() -> Mapping[str, Values]:
    """Return the values of the fields about which more is known than their shape."""
    names = tuple(regions())
    heads = (f"arn:{partition}:securityhub:{name}:" for name, partition in regions().items())
    return {
        "AwsAccountId": AccountIds(),
        "Confidence": _PERCENT,
        "Criticality": _PERCENT,
        "ProductArn": ProductArns(tuple(heads), SERVICES),
        "ProductName": known_names((*_PRODUCT_NAMES, *_SPELT_SO), _OTHER_WORDS),
        "Region": Regions(names),
        # ASFF's set has no "aws-iso", which findings have.
        "Resources.Partition": Texts(),
        "Resources.Region": Regions(names, with_others=True),
        "Severity.Normalized": _PERCENT,
    }
