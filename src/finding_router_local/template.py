"""template.yaml as deployed: read, transformed as SAM does it, and resolved."""

import copy
import re
from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from finding_router_local.intrinsics import Attributes, Resolver

STACK_NAME: Final = "finding-router"
# Code is not uploaded here, but SAM's transform insists that it stands in a bucket.
_CODE_URI: Final = "s3://local/code.zip"


class TemplateError(ValueError):
    """The template or a parameter's value cannot be used; the message names the change to make."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the transformed template; *properties* still hold intrinsic functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """The transformed template with values for its parameters."""

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Resource]

    def of_type(self, type_: str) -> list[Resource]:
        """List the resources of a type, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type == type_]

    def without_unwanted(self, resolver: Resolver) -> "Template":
        """Return the template without the resources whose condition does not hold."""
        wanted = {
            name: resource
            for name, resource in self.resources.items()
            if resource.condition is None or resolver.condition(resource.condition)
        }
        return replace(self, resources=wanted)

    def resolver(self, attribute: Attributes, pseudo: Mapping[str, str]) -> Resolver:
        """Return the resolver of the resources' properties."""
        return Resolver(
            parameters={**self.parameters, **pseudo},
            conditions=self.conditions,
            attribute=attribute,
        )


def read_template(path: Path, values: Mapping[str, object], *, region: str) -> Template:
    """
    Read and transform the SAM template at *path*, with parameter *values* beside its defaults.

    Raises:
        TemplateError: there is no such file, or a value is missing, unknown or not allowed.

    """
    try:
        raw = copy.deepcopy(_parsed(path.read_text()))
    except OSError as error:
        raise TemplateError(f"{path}: cannot be read; name another with --template") from error
    parameters = _parameters(raw.get("Parameters", {}), values)
    for resource in raw["Resources"].values():
        _replace_code(resource.get("Properties", {}))
    # SAM would ask an account for AWS's own managed policies, of which the template uses none.
    session = boto3.Session(region_name=region)
    translator = Translator({}, Parser(), boto_session=session)
    transformed = translator.translate(raw, dict(parameters), get_managed_policy_map=dict)
    return Template(
        parameters=parameters,
        conditions=transformed.get("Conditions", {}),
        resources={
            name: Resource(
                name, resource["Type"], resource.get("Properties", {}), resource.get("Condition")
            )
            for name, resource in transformed["Resources"].items()
        },
    )


def declares(path: Path, parameter: str) -> bool:
    """Return True if the template at *path* can be read, and has *parameter*."""
    try:
        return parameter in _parsed(path.read_text()).get("Parameters", {})
    except OSError:
        return False


@lru_cache(maxsize=2)
def _parsed(text: str) -> Any:
    """Return the parsed YAML, cached: parsing takes longer than creating all of the local AWS."""
    return yaml_parse(text)


def _parameters(declared: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    if unknown := values.keys() - declared.keys():
        names = ", ".join(sorted(unknown))
        raise TemplateError(f"parameters {names}: the template does not have them")
    parameters = {}
    for name, declaration in declared.items():
        value = values.get(name, declaration.get("Default"))
        if value is None:
            raise TemplateError(f"parameter {name}: has no default; give a value")
        if declaration["Type"] == "CommaDelimitedList":
            value = [each.strip() for each in str(value).split(",")]
        for each in value if isinstance(value, list) else [value]:
            _check(name, declaration, str(each))
        parameters[name] = value
    return parameters


def _check(name: str, declaration: Mapping[str, Any], value: str) -> None:
    allowed = [str(each) for each in declaration.get("AllowedValues", [value])]
    if value not in allowed:
        raise TemplateError(f"parameter {name}: {value!r} is not one of {', '.join(allowed)}")
    if not re.fullmatch(declaration.get("AllowedPattern", ".*"), value, re.DOTALL):
        remedy = declaration.get("ConstraintDescription", "see AllowedPattern in the template")
        raise TemplateError(f"parameter {name}: {value!r} {remedy}")


def _replace_code(properties: dict[str, Any]) -> None:
    for name in ("CodeUri", "ContentUri"):
        if name in properties:
            properties[name] = _CODE_URI
