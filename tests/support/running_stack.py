"""A stack of this process that commands find as the one that runs here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from finding_router_cli import routes_at_hand
from finding_router_local.running import announce
from finding_router_local.stack import Stack


@contextmanager
def found_stack(folder: Path, **settings: Any) -> Iterator[Stack]:
    """Run a stack, made known in *folder*, until the end of the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes_at_hand, "TEMPLATE", folder / "template.yaml")
        with Stack(**settings) as stack, announce(stack.id, stack.aws.url, folder):
            yield stack
