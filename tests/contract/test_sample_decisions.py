"""Where real findings of many publishers go."""

import json
import re
from pathlib import Path

import pytest

import finding_router_local
from finding_router.findings.asff import read_finding
from finding_router.routing.table import RoutingTable
from finding_router_cli.inputs import read_events

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
EXAMPLE_ROUTES = Path(finding_router_local.__file__).with_name("example_routes.json")
CHANNEL = re.compile(r"#[a-z0-9_-]{1,80}")

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason=f"the collected findings are not part of the project: {SAMPLES}"
)


@pytest.mark.parametrize("name", ["findings.ndjson", "events.ndjson"])
def test_every_finding_goes_somewhere_for_a_reason(name: str) -> None:
    """Each has channels that Slack can have, or a route that drops it, and a trace of it all."""
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    table = RoutingTable.from_items(items, default_channel="#default")
    events = read_events((SAMPLES / name).read_text("utf-8"), name)
    findings = [
        read_finding(raw) for event in events for raw in event["detail"].get("findings", [])
    ]
    assert findings

    for finding in findings:
        decision = table.decide(finding)

        assert bool(decision.channels) == (decision.dropped_by is None)
        assert all(CHANNEL.fullmatch(destination.channel) for destination in decision.channels)
        assert len(decision.trace) == len(table.routes)
        matched = {step.route for step in decision.trace if step.matched}
        assert {name for one in decision.channels for name in one.routes} <= matched
