"""How the Web API says no."""


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
        """Keep *needed*, the missing scope, and how long a caller that is too fast shall wait."""
        super().__init__(error)
        self.error = error
        self.messages = messages
        self.needed = needed
        self.retry_after_seconds = retry_after_seconds
