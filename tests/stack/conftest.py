"""The template as it is written, and as CloudFormation would resolve it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from finding_router_local.template import read_template
from policies import TOKEN, Resolve

PROJECT = Path(__file__).parents[2]
REGION = "eu-west-1"
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "router",
    "AWS::URLSuffix": "amazonaws.com",
}


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the folder of the project."""
    return PROJECT


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template as it is written, with intrinsic functions in their long form."""
    parsed: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text("utf-8"))
    return parsed


@pytest.fixture(scope="session")
def resolve() -> Resolve:
    """
    Return the properties of every resource, by logical id, for these values of parameters.

    References to resources read `<LogicalId.Attribute>`.
    """

    @cache
    def resolved(**values: str) -> dict[str, Any]:
        given = {"SlackTokenArn": TOKEN, "DefaultChannel": "#security", **values}
        transformed = read_template(PROJECT / "template.yaml", given, region=REGION)
        resolver = transformed.resolver(lambda name, attribute: f"<{name}.{attribute}>", PSEUDO)
        return {
            name: resolver.resolve(resource.properties)
            for name, resource in transformed.resources.items()
        }

    return resolved
