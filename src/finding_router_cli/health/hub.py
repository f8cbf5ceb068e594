"""Checks of the account: the clock, and Security Hub."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site

CREDENTIALS: Final = "credentials"
_CLOCK: Final = "clock"
_HUB: Final = "Security Hub"
_ADMINISTRATOR: Final = "administrator"
_HOME: Final = "home Region"
# AWS refuses requests signed five minutes too early or too late.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
MOST_SKEW_SECONDS: Final = 60.0
_ALLOW: Final = "allow securityhub:DescribeHub and DescribeSecurityHubV2 to your credentials"
CSPM_OFF: Final = frozenset({"InvalidAccessException"})
V2_OFF: Final = frozenset({"ResourceNotFoundException", "ConflictException"})


def now() -> float:
    """Return this machine's time, in Unix seconds."""
    return time.time()


def check_identity(site: Site) -> Iterator[Result]:
    """Check the credentials, and this machine's clock against that of AWS."""
    answer = site.client("sts").get_caller_identity()
    account, arn = answer["Account"], answer["Arn"]
    yield good(
        CREDENTIALS,
        f"{arn} in {site.region}; {site.stack.origin}",
        account=account,
        region=site.region,
        stack=site.stack.name,
    )
    told = _date_of(answer)
    if told is None:
        yield unsure(_CLOCK, "AWS did not tell the time")
        return
    skew = abs(told.timestamp() - now())
    if skew > MOST_SKEW_SECONDS:
        yield bad(
            _CLOCK,
            f"this machine's clock is {skew:.0f} seconds off",
            "set it by NTP (timedatectl set-ntp true): AWS refuses calls that are 5 minutes off",
            skew_seconds=round(skew),
        )
    else:
        yield good(_CLOCK, "right to the minute", skew_seconds=round(skew))


def check_hub(site: Site) -> Iterator[Result]:
    """Check which Security Hub is on, and whether this account is its administrator."""
    hub = site.client("securityhub")
    has_cspm = is_on(hub.describe_hub, CSPM_OFF)
    has_v2 = is_on(hub.describe_security_hub_v2, V2_OFF)
    states = {"cspm": has_cspm, "v2": has_v2}
    words = f"CSPM is {_word(has_cspm)}, AWS Security Hub (OCSF) is {_word(has_v2)}"
    if has_cspm or (has_v2 and "TakeV2" in site.parameters):
        yield good(_HUB, words, **states)
    elif None in states.values():
        yield unsure(_HUB, words, _ALLOW, **states)
    else:
        yield bad(_HUB, words, "aws securityhub enable-security-hub", **states)
    if has_cspm is False:
        return
    yield _administrator(hub)
    yield _home_region(hub, site.region)


def _administrator(hub: Any) -> Result:
    """Return whether the account is the organisation's delegated administrator."""
    code = ""
    try:
        hub.describe_organization_configuration()
    except AWS_ERRORS as error:
        code = error_code(error)
    if not code:
        return good(_ADMINISTRATOR, "this account is Security Hub's delegated administrator")
    try:
        above = hub.get_administrator_account().get("Administrator", {}).get("AccountId")
    except AWS_ERRORS:
        above = None
    if above:
        return bad(
            _ADMINISTRATOR,
            f"this account is a member; the administrator is {above}",
            f"deploy the stack in account {above}: the findings of all accounts arrive there",
            administrator=above,
        )
    if code.startswith("AccessDenied"):
        return unsure(
            _ADMINISTRATOR,
            "your credentials may not ask",
            "allow securityhub:DescribeOrganizationConfiguration to them",
        )
    return unsure(
        _ADMINISTRATOR,
        f"this account administers no organisation ({code}): only its own findings arrive",
        "if there is an organisation, deploy in its delegated administrator account",
    )


def _home_region(hub: Any, region: str) -> Result:
    """Return whether *region* is the one in which findings are aggregated."""
    found = hub.list_finding_aggregators().get("FindingAggregators", [])
    if not found:
        return unsure(
            _HOME,
            f"no aggregation: only findings of {region} arrive",
            "aws securityhub create-finding-aggregator --region-linking-mode ALL_REGIONS",
        )
    arn = found[0]["FindingAggregatorArn"]
    told = hub.get_finding_aggregator(FindingAggregatorArn=arn)
    home = told["FindingAggregationRegion"]
    if home != region:
        return bad(
            _HOME,
            f"findings are aggregated in {home}, and the stack is in {region}",
            f"deploy the stack in {home}",
            home=home,
        )
    return good(_HOME, f"{home}, {told['RegionLinkingMode']}", home=home)


def is_on(ask: Callable[[], object], off: frozenset[str]) -> bool | None:
    """Return whether a Security Hub is on; None if that cannot be asked."""
    try:
        ask()
    except AWS_ERRORS as error:
        return False if error_code(error) in off else None
    return True


def _word(is_on: bool | None) -> str:  # noqa: FBT001 -- three states
    return "not known" if is_on is None else "on" if is_on else "off"


def _date_of(answer: Any) -> datetime | None:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
