"""A message for Slack's Web API."""

from collections.abc import Mapping, Sequence
from copy import replace
from typing import Any, NamedTuple

type Block = Mapping[str, Any]


class Message(NamedTuple):
    """
    One message: *text* is the one-line summary for notifications, *blocks* the body.

    With a *colour* ("#RRGGBB") the blocks go into an attachment, since Slack draws a colour bar
    only there. The *lead* blocks precede the body. The *appendix*, if there is one, is for the
    thread of the message.
    """

    text: str
    blocks: Sequence[Block] = ()
    colour: str | None = None
    lead: Sequence[Block] = ()
    appendix: "Message | None" = None

    def in_one(self) -> "Message":
        """Return the message with the appendix below its body, for where no reply can be posted."""
        if self.appendix is None:
            return self
        return replace(self, blocks=[*self.blocks, *self.appendix.blocks], appendix=None)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments for chat.postMessage and chat.update."""
        if self.colour is None:
            return {"text": self.text, "blocks": [*self.lead, *self.blocks]}
        attachment = {"color": self.colour, "blocks": list(self.blocks)}
        return {"text": self.text, "blocks": list(self.lead), "attachments": [attachment]}
