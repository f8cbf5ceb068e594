"""A message for Slack's Web API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One message: *text* is the one-line summary for notifications, *blocks* the body.

    With a *colour* ("#RRGGBB") the blocks go into an attachment, since Slack draws a colour bar
    only there. The *lead* blocks precede the body.
    """

    text: str
    blocks: Sequence[Block] = ()
    colour: str | None = None
    lead: Sequence[Block] = ()

    def arguments(self) -> dict[str, Any]:
        """Return the arguments for chat.postMessage and chat.update."""
        if self.colour is None:
            return {"text": self.text, "blocks": [*self.lead, *self.blocks]}
        attachment = {"color": self.colour, "blocks": list(self.blocks)}
        return {"text": self.text, "blocks": list(self.lead), "attachments": [attachment]}
