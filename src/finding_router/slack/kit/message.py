"""What is sent to Slack: one message, as the Web API takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One message: *text* is the one-line summary that phones show, *blocks* the body.

    With a *colour* ("#RRGGBB") the blocks go into one attachment, the only place where Slack
    draws a colour bar; *lead* blocks stand above it.
    """

    text: str
    blocks: Sequence[Block] = ()
    colour: str | None = None
    lead: Sequence[Block] = ()

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of chat.postMessage and chat.update that make up the message."""
        if self.colour is None:
            return {"text": self.text, "blocks": [*self.lead, *self.blocks]}
        attachment = {"color": self.colour, "blocks": list(self.blocks)}
        return {"text": self.text, "blocks": list(self.lead), "attachments": [attachment]}
