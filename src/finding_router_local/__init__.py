"""The embedded stack: AWS and Slack on this machine, to try and test the router."""

from pathlib import Path
from typing import Final

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
EXAMPLE_ROUTES: Final = Path(__file__).with_name("example_routes.json")
