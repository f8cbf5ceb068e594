"""The embedded stack: AWS and Slack on this machine, to try and test the router."""

from pathlib import Path
from typing import Final

_BESIDE: Final = Path(__file__).parents[2] / "template.yaml"
# A package that is installed elsewhere looks for the project in the current folder.
TEMPLATE: Final = _BESIDE if _BESIDE.is_file() else Path.cwd() / _BESIDE.name
EXAMPLE_ROUTES: Final = Path(__file__).with_name("example_routes.json")
