"""The function ends in time, even if calls are slow."""

from collections.abc import Iterator

import pytest

from finding_router_local.slack import SlackServer
from finding_router_local.stack import Stack
from hub_events import PRODUCT_ARN, imported, raw_finding
from router import EVERYTHING

FUNCTION_SECONDS = 12
COUNT = 15


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Run a stack whose function has little time, and whose Slack takes its own."""
    with (
        SlackServer(auto_create=True, pace=False, latency_seconds=0.7) as slack,
        Stack(slack=slack, timeout_seconds=FUNCTION_SECONDS) as stack,
    ):
        # A digest would be through in time.
        stack.put_routes([EVERYTHING | {"deliver": "card"}])
        yield stack


def test_a_slow_slack_never_runs_the_function_out_of_its_time(stack: Stack) -> None:
    """The remaining records come back, and are posted by the next invocations, once."""
    ids = [f"finding-{number}" for number in range(COUNT)]

    outcomes = stack.send([imported(raw_finding(each)) for each in ids])

    assert all(outcome.is_settled for outcome in outcomes)
    sources = [batch.event["Records"][0]["eventSourceARN"] for batch in stack.journal.batches]
    assert 1 < sum(source.endswith("BacklogQueue") for source in sources)
    assert COUNT == len(stack.slack.messages())
    assert {"NOTIFIED"} == {stack.workflow_status(PRODUCT_ARN, each) for each in ids}
    assert {None} == {batch.invocation.error for batch in stack.journal.batches}
