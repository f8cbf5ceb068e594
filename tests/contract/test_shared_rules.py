"""What the template lets through is what the function takes."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse

from finding_router.errors import ConfigurationError
from finding_router.routing.table import RoutingTable
from finding_router.settings import SLACK_API_URL, Settings

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
PARAMETERS: Final[dict[str, Any]] = yaml_parse(TEMPLATE.read_text("utf-8"))["Parameters"]
# Channels as people type, and mistype, them.
ASCII = st.text(st.characters(max_codepoint=127), max_size=84)
LIKELY = st.from_regex(r"[#CG]?[#A-Za-z0-9._{} -]{0,24}", fullmatch=True)
IDS = st.from_regex(r"[CGD][A-Z0-9]{5,14}", fullmatch=True)
LONG = st.builds(lambda letters: f"#{letters * 30}", st.text("ab-_9", min_size=1, max_size=4))
CHANNELS = ASCII | ASCII.map("#{}".format) | LIKELY | IDS | LONG
LISTED: Final = [chr(point) for point in range(0x80, 0x110000) if not 0xD800 <= point < 0xE000]


def is_let_through(parameter: str, value: str) -> bool:
    """Return True if CloudFormation takes *value*."""
    return re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], value) is not None


def is_taken(channel: str) -> bool:
    """Return True if the function can work with *channel* as its default."""
    values = {
        "ROUTING_TABLE": "routes",
        "LEDGER_TABLE": "ledger",
        "DEFAULT_CHANNEL": channel,
        "SLACK_TOKEN_ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token",
    }
    try:
        RoutingTable((), default_channel=Settings.from_environment(values).default_channel)
    except (ConfigurationError, ValueError):
        return False
    return True


@example("#Security-Alerts")
@example("#team.security")
@example("C1234567")
@example("C12345678")
@example("CHANNELNAME")
@example("#C0123456789")
@example("#" + "a" * 80)
@example("#" + "a" * 81)
@given(CHANNELS)
def test_channel_is_let_through_if_it_is_taken(channel: str) -> None:
    """Both ways; the function also takes a name without its sign, and blanks around it."""
    is_as_written = channel.startswith(("#", "C", "G")) and channel == channel.strip()

    assert is_let_through("DefaultChannel", channel) == (is_as_written and is_taken(channel))


@given(st.text(max_size=84).map("#{}".format) | CHANNELS)
def test_no_channel_is_let_through_that_is_not_taken(channel: str) -> None:
    """Whatever script it is in."""
    assert is_taken(channel) or not is_let_through("DefaultChannel", channel)


def test_every_letter_that_is_let_through_is_taken() -> None:
    """All of Unicode, letter by letter."""
    let_through = [letter for letter in LISTED if is_let_through("DefaultChannel", f"#{letter}")]

    assert len(let_through) > 30_000
    for start in range(0, len(let_through), 80):
        assert is_taken("#" + "".join(let_through[start : start + 80]))


@given(CHANNELS)
def test_ops_channel_is_a_default_channel_or_empty(channel: str) -> None:
    """One rule for both."""
    wanted = not channel or is_let_through("DefaultChannel", channel)

    assert wanted == is_let_through("OpsChannel", channel)


HOSTS = st.sampled_from(
    ["slack.com", "localhost", "127.0.0.1", "[::1]", "host.docker.internal", "slack", "10.0.0.1"]
) | st.from_regex(r"[a-z0-9.@-]{1,12}", fullmatch=True)


@given(
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "ftp", "HTTP"]),
        HOSTS,
        st.sampled_from(["", ":80", ":x", "@evil.example"]),
        st.sampled_from(["", "/", "/api", "/api/", "/a b/"]),
    )
)
def test_address_of_slack_is_let_through_if_it_is_taken(url: str) -> None:
    """The function's pattern is the parameter's, and the token goes nowhere in the clear."""
    assert SLACK_API_URL == PARAMETERS["SlackApiUrl"]["AllowedPattern"]
    values = {
        "ROUTING_TABLE": "routes",
        "LEDGER_TABLE": "ledger",
        "DEFAULT_CHANNEL": "#security",
        "SLACK_TOKEN_ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/token",
        "SLACK_API_URL": url,
    }
    if not is_let_through("SlackApiUrl", url):
        with pytest.raises(ConfigurationError, match="SLACK_API_URL"):
            Settings.from_environment(values)
        return

    assert url == Settings.from_environment(values).slack_api_url
    host = re.sub(r"^[a-z]+://|(:\d+)?/.*$", "", url)
    local = {"127.0.0.1", "[::1]", "host.docker.internal"}
    assert url.startswith("https://") or host in local or re.fullmatch("[a-z][a-z0-9-]*", host)
