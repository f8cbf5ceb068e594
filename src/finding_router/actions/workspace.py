"""The workspace whose presses are taken."""

import time
from collections.abc import Callable
from typing import Final, Protocol

from finding_router.actions.payload import Origin
from finding_router.actions.press import Presser
from finding_router.actions.web import Web

# How often Slack is asked for the workspace of a token that may have been replaced.
AGAIN_SECONDS: Final = 60.0


class KeptTeam(Protocol):
    """Where the workspace is kept between starts."""

    def team(self) -> str:
        """Return it, or ""."""

    def keep_team(self, team: str) -> None:
        """Keep it."""


class Workspace:
    """
    The workspace, or the organization, that the app is installed to.

    It is the one that is set, or that of the token, which Slack tells once and the Ledger keeps.
    The signature proves the app; it is compared besides where it is set.
    """

    def __init__(
        self,
        kept: KeptTeam,
        web: Web,
        *,
        app: str | None = None,
        team: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take presses of *app* and *team*, or of any app and of the token's workspace."""
        self._kept = kept
        self._web = web
        self._app = app
        self._set_team = team
        self._clock = clock
        self._team = team or ""
        self._asked_at = float("-inf")

    def is_ours(self, origin: Origin) -> bool:
        """
        Return True if a press from *origin* is to be taken.

        Raises:
            RouterError: Neither the Ledger nor Slack tells the workspace.

        """
        if self._app and origin.app != self._app:
            return False
        named = {origin.team, origin.enterprise} - {""}
        self._team = self._team or self._kept.team()
        if self._team in named or self._set_team or not named:
            return self._team in named
        # The token may be of another workspace than the one kept.
        if self._clock() - self._asked_at > AGAIN_SECONDS:
            self._asked_at = self._clock()
            self._team = str(self._web.call("auth.test", {}).get("team_id", ""))
            self._kept.keep_team(self._team)
        return self._team in named


def is_outsider(user: Presser, origin: Origin) -> bool:
    """Return True if *user* is of another workspace, which Slack Connect lets into a channel."""
    return user.team not in {"", origin.team, origin.enterprise}
