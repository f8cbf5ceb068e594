"""Settings: read once from the environment, refused with the name of the wrong variable."""

import pytest

from finding_router.errors import ConfigurationError
from finding_router.settings import Settings, tracing_is_on

NEEDED = {
    "ROUTING_TABLE": "routes",
    "LEDGER_TABLE": "ledger",
    "DEFAULT_CHANNEL": "#security",
    "SLACK_TOKEN_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf",
}


def test_what_may_be_left_out_has_a_default() -> None:
    """Four variables are enough."""
    settings = Settings.from_environment(NEEDED)

    assert "https://slack.com/api/" == settings.slack_api_url
    assert 30 == settings.route_cache_seconds
    assert not settings.allow_suppress
    assert settings.findings_queue_url is None


def test_an_empty_variable_is_not_set() -> None:
    """CloudFormation cannot leave a variable out, so that "" stands for nothing."""
    settings = Settings.from_environment({**NEEDED, "OPS_CHANNEL": "", "ACCESS_PORTAL_URL": ""})

    assert settings.ops_channel is None
    assert settings.access_portal_url is None


@pytest.mark.parametrize(("ops", "expected"), [("#ops", "#ops"), ("", "#security")])
def test_troubles_go_to_the_ops_channel_if_there_is_one(ops: str, expected: str) -> None:
    """The default channel hears of the router's troubles where no other is named."""
    settings = Settings.from_environment({**NEEDED, "OPS_CHANNEL": ops})

    assert expected == settings.trouble_channel


def test_text_is_read_as_the_type_that_it_means() -> None:
    """Environment variables are text; numbers and booleans are made of them."""
    settings = Settings.from_environment(
        {**NEEDED, "ALLOW_SUPPRESS": "true", "ROUTE_CACHE_SECONDS": "5", "LEDGER_DAYS": "7"}
    )

    assert (True, 5.0, 7) == (
        settings.allow_suppress,
        settings.route_cache_seconds,
        settings.ledger_days,
    )


def test_every_mistake_is_named_at_once() -> None:
    """An operator mends all variables in one deployment."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({"LEDGER_TABLE": "", "ROUTE_CACHE_SECONDS": "soon"})

    message = str(refused.value)
    for name in ("ROUTING_TABLE", "LEDGER_TABLE", "SLACK_TOKEN_ARN", "ROUTE_CACHE_SECONDS"):
        assert name in message


def test_a_token_in_place_of_its_arn_is_refused_and_not_repeated() -> None:
    """Who pastes the token itself does not find it in the logs."""
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment({**NEEDED, "SLACK_TOKEN_ARN": "xoxb-secret"})

    assert "SLACK_TOKEN_ARN" in str(refused.value)
    assert "xoxb-secret" not in str(refused.value)


def test_tracing_is_off_unless_asked_for() -> None:
    """Only the template's word turns traces on."""
    assert not tracing_is_on({})


@pytest.mark.parametrize("elsewhere", [{}, {"LAMBDA_TASK_ROOT": "/var/task", "AWS_SAM_LOCAL": "1"}])
def test_tracing_stays_off_on_a_laptop(elsewhere: dict[str, str]) -> None:
    """The traces would not be collected there."""
    assert not tracing_is_on({"POWERTOOLS_TRACE_DISABLED": "false", **elsewhere})


def test_tracing_is_on_where_the_stack_says_so() -> None:
    """In Lambda the template's word counts."""
    assert tracing_is_on({"POWERTOOLS_TRACE_DISABLED": "false", "LAMBDA_TASK_ROOT": "/var/task"})
