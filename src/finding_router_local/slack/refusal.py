"""The refusal of a call by the Web API."""


class Refusal(Exception):  # noqa: N818 -- an answer of the API, not a fault of this program
    """One ``{"ok": false, "error": …}``; *messages* go into ``response_metadata``."""

    def __init__(
        self,
        error: str,
        *,
        messages: tuple[str, ...] = (),
        needed: str | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        """*needed* is the missing scope; *retry_after_seconds* goes with a rate limit."""
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.needed = needed
        self.retry_after_seconds = retry_after_seconds
