"""Parameters can be understood and cannot be wrong by accident."""

import re
from typing import Any

import pytest

REQUIRED = ["SlackTokenArn", "DefaultChannel"]
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack/token-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/slack/token"


@pytest.fixture(scope="module")
def parameters(template: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as they are written."""
    found: dict[str, Any] = template["Parameters"]
    return found


def matches(parameter: dict[str, Any], value: str) -> bool:
    """Return True if CloudFormation takes *value*."""
    return re.fullmatch(parameter["AllowedPattern"], value) is not None


def test_description_is_a_sentence(parameters: dict[str, Any]) -> None:
    """Each parameter states its purpose."""
    assert [] == [
        name for name, each in parameters.items() if not each["Description"].endswith(".")
    ]


def test_value_is_bounded(parameters: dict[str, Any]) -> None:
    """Each parameter has bounds, a list or a pattern with words for who misses it."""
    for name, each in parameters.items():
        bounded = {"MinValue", "MaxValue"} <= set(each) or "AllowedValues" in each
        worded = "AllowedPattern" in each and each["ConstraintDescription"].endswith(".")

        assert bounded or worded, name


def test_guided_deployment_asks_first_for_what_it_must(parameters: dict[str, Any]) -> None:
    """Two parameters have no default and come first; Enter takes the others."""
    required = [name for name, each in parameters.items() if "Default" not in each]

    assert REQUIRED == required
    assert REQUIRED == list(parameters)[:2]


def test_every_parameter_is_grouped_and_labelled(template: dict[str, Any]) -> None:
    """The console shows all of them, in groups, by name."""
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]

    assert sorted(template["Parameters"]) == sorted(grouped)
    assert set(template["Parameters"]) == set(interface["ParameterLabels"])


def test_secret_is_named_and_never_given(parameters: dict[str, Any]) -> None:
    """No parameter takes a secret itself, which NoEcho would hide but not protect."""
    assert [] == [name for name, each in parameters.items() if "NoEcho" in each]
    assert not matches(parameters["SlackTokenArn"], "xoxb-1-2-3")


@pytest.mark.parametrize("arn", [SECRET, PARAMETER, SECRET.replace("arn:aws:", "arn:aws-us-gov:")])
def test_token_may_be_a_secret_or_a_parameter(arn: str, parameters: dict[str, Any]) -> None:
    """One parameter takes either, in every partition."""
    assert matches(parameters["SlackTokenArn"], arn)


@pytest.mark.parametrize("channel", ["#security", "#sécurité", "C0123456789", "G0123456789"])
def test_channel_is_an_id_or_a_name(channel: str, parameters: dict[str, Any]) -> None:
    """As a route's channel is."""
    assert matches(parameters["DefaultChannel"], channel)
    assert matches(parameters["OpsChannel"], channel)


@pytest.mark.parametrize(
    "channel",
    [
        *("security", "@somebody", "# security", "#a,b", "#", "#a\u00a0b", "#a\u200bb"),
        # The function refused these at every invocation.
        *("#Security-Alerts", "#team.security", "#ÉQUIPE", "#a/b", "#{account}", "#C0123456789"),
        *("C1234567", "CHANNELNAME", f"#{'a' * 81}"),
    ],
)
def test_what_is_no_channel_is_refused(channel: str, parameters: dict[str, Any]) -> None:
    """Before anything is deployed."""
    assert not matches(parameters["DefaultChannel"], channel)
    assert not matches(parameters["OpsChannel"], channel)


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("SlackApiUrl", "https://slack-gov.com/api/", "https://slack-gov.com/api"),
        ("SlackApiUrl", "http://127.0.0.1:8080/api/", "slack.com"),
        ("SlackApiUrl", "http://host.docker.internal:8080/api/", "http://slack.com/api/"),
        ("SlackApiUrl", "http://localhost/", "http://localhost@slack.example/"),
        ("SlackApiUrl", "http://slack:80/api/", "http://134744072/api/"),
        ("SlackApiUrl", "http://[::1]:80/api/", "http://127.0.0.1.example/api/"),
        ("AccessPortalUrl", "https://example.awsapps.com/start", "http://example.awsapps.com"),
        ("AccessPortalRole", "SecurityAudit", "Security Audit"),
        ("AlarmEmail", "security@example.com", "security"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/1-2", "alias/mine"),
        ("SlackTokenKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/mrk-1", "mrk-1"),
    ],
)
def test_pattern_tells_good_from_bad(
    parameter: str, good: str, bad: str, parameters: dict[str, Any]
) -> None:
    """A slip shows before the deployment."""
    assert matches(parameters[parameter], good)
    assert not matches(parameters[parameter], bad)
