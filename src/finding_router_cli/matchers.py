"""Options that say which findings, and the event pattern that they make."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from finding_router.findings.finding import Severity
from finding_router.findings.products import BY_SLUG
from finding_router.findings.short_id import DIGITS
from finding_router.routing.patterns.mistake import did_you_mean
from finding_router_cli.options import together
from finding_router_cli.output import remark

_ACCOUNT_ID: Final = re.compile(r"\d{12}")
_SHORT_ID: Final = re.compile(rf"[0-9a-f]{{{DIGITS}}}", re.IGNORECASE)
MATCHERS: Final = ("account", "product", "control", "severity", "resource", "finding", "match")
_WHICH: Final = (
    "say which findings, such as --account payments --product GuardDuty, "
    "or --match '{}' for all of them"
)


def _option(name: str, metavar: str, words: str) -> Callable[[Any], Any]:
    return click.option(name, metavar=metavar, multiple=True, help=words)


matcher_options = together(
    _option("--account", "ACCOUNT", "Id, alias or name of an account."),
    _option("--product", "PRODUCT", "GuardDuty, Inspector, …, or company/product of a partner."),
    _option("--control", "ID", "Security control such as EC2.19, or EC2.* for several."),
    _option("--severity", "LABEL", "CRITICAL, HIGH, MEDIUM, LOW or INFORMATIONAL."),
    _option("--resource", "ID", "ARN of a resource, the end of it, or a pattern with *."),
    _option("--finding", "ID", "One finding, by its Id or the short id of its card."),
    click.option("--match", metavar="JSON", help="An event pattern, in place of the others."),
)
"""The options of which `pattern` makes a match."""


def pattern(
    *,
    account: Sequence[str],
    product: Sequence[str],
    control: Sequence[str],
    severity: Sequence[str],
    resource: Sequence[str],
    finding: Sequence[str],
    match: str | None,
    aliases: Mapping[str, str],
) -> dict[str, Any]:
    """
    Return the event pattern of the options; empty if none is given.

    Several values of one option, also in one with commas between, match either; several options
    must all match. *aliases* are names of accounts by id.

    Raises:
        click.UsageError: A value is wrong, or `--match` stands beside other options.

    """
    fields: dict[str, Any] = {}
    fields |= _accounts(_values(account), aliases)
    if products := _values(product):
        fields["ProductArn"] = list(map(_product, products))
    if controls := _values(control):
        fields["Compliance"] = {"SecurityControlId": list(map(_starred, controls))}
    if severities := _values(severity):
        fields["Severity"] = {"Label": list(map(_severity, severities))}
    if resources := _values(resource):
        fields["Resources"] = {"Id": [one for each in resources for one in _resource(each)]}
    if findings := _values(finding):
        fields["Id"] = list(map(_finding, findings))
    if match is None:
        return fields
    if fields:
        raise click.UsageError("--match stands alone: write the other conditions into it")
    return _written(match)


def required(made: Mapping[str, Any], match: str | None) -> Mapping[str, Any]:
    """
    Return the pattern *made* of the options.

    Raises:
        click.UsageError: It is empty, and nobody wrote ``--match '{}'``.

    """
    if not made and match is None:
        raise click.UsageError(_WHICH)
    return made


def _values(given: Sequence[str]) -> list[str]:
    return [value.strip() for each in given for value in each.split(",") if value.strip()]


def _accounts(values: Sequence[str], aliases: Mapping[str, str]) -> dict[str, Any]:
    by_alias: dict[str, list[str]] = {}
    for id_, alias in aliases.items():
        by_alias.setdefault(alias.casefold(), []).append(id_)
    ids: list[str] = []
    names: list[str] = []
    for value in values:
        if _ACCOUNT_ID.fullmatch(value):
            ids.append(value)
        elif found := by_alias.get(value.casefold()):
            ids += sorted(found)
        else:
            names.append(value)
            remark(
                f'no account has the alias "{value}": findings match that say this name themselves'
            )
    by_id: dict[str, Any] = {"AwsAccountId": ids}
    # The name is the finding's own word for its account: good for hearing less, not for trust.
    by_name: dict[str, Any] = {"AwsAccountName": [{"equals-ignore-case": name} for name in names]}
    if ids and names:
        return {"$or": [by_id, by_name]}
    return by_id if ids else by_name if names else {}


def _product(value: str) -> dict[str, str]:
    if "/" in value:
        return {"suffix": f":product/{value.removeprefix('product/')}"}
    slugs = {_letters(name): slug for slug, name in BY_SLUG.items()}
    slugs |= {_letters(slug): slug for slug in BY_SLUG}
    bare = _letters(value).removeprefix("aws").removeprefix("amazon")
    if slug := slugs.get(bare):
        return {"suffix": f"::product/aws/{slug}"}
    remedy = did_you_mean(value, BY_SLUG.values())
    problem = f"{value} is no service of AWS whose findings are known; {remedy}"
    raise click.BadParameter(f"{problem}, or write company/product", param_hint="--product")


def _severity(value: str) -> str:
    label = value.upper()
    if label in Severity:
        return label
    problem = f"{value} is no severity; {did_you_mean(label, Severity)}"
    raise click.BadParameter(problem, param_hint="--severity")


def _resource(value: str) -> list[Any]:
    if "*" in value:
        return [{"wildcard": value}]
    if value.startswith("arn:"):
        return [value]
    # An ARN ends with the id after a slash or a colon; some products write the id alone.
    return [value, {"suffix": f"/{value}"}, {"suffix": f":{value}"}]


def _finding(value: str) -> Any:
    return {"wildcard": f"*{value.lower()}*"} if _SHORT_ID.fullmatch(value) else value


def _starred(value: str) -> Any:
    return {"wildcard": value} if "*" in value else value


def _written(match: str) -> dict[str, Any]:
    try:
        value = json.loads(match)
    except (ValueError, RecursionError) as error:
        problem = f"is no JSON ({error}); write a map such as " + '{"Region": ["eu-west-1"]}'
        raise click.BadParameter(problem, param_hint="--match") from error
    if not isinstance(value, dict):
        problem = 'is no map; write one such as {"Region": ["eu-west-1"]}'
        raise click.BadParameter(problem, param_hint="--match")
    return value


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
