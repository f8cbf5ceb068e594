"""People in Slack: who they are, where they are, and answers that only they see."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import urllib3

from finding_router.errors import CredentialError, DeliveryError, ScopeError
from finding_router.slack.api.client import SlackClient
from finding_router.slack.api.refusals import MISSING_SCOPE
from finding_router.slack.kit.answer_address import takes_answers
from finding_router.slack.kit.message import Message
from finding_router.telemetry import logger

# https://docs.slack.dev/reference/methods/conversations.members: under 1000
_PAGE: Final = 999
_MAX_PAGES: Final = 50
# The scope that each method needs, to be named where the app has it not.
_SCOPES: Final = {
    "users.info": "users:read",
    "conversations.members": "channels:read, and groups:read for private channels",
    "usergroups.users.list": "usergroups:read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person as Slack has it; *teams* are the workspaces that the person belongs to."""

    id: str
    name: str
    teams: frozenset[str]
    is_full_member: bool
    """No guest, no app, nobody from outside, and not deactivated."""


class People(Protocol):
    """The port to what Slack knows of people; its methods raise DeliveryError."""

    def profile(self, user: str, *, seconds: float) -> Profile:
        """Return the person with the id *user*."""

    def members(self, channel: str, *, seconds: float) -> frozenset[str]:
        """Return the ids of those who are in *channel*, an id."""

    def group(self, group: str, team: str, *, seconds: float) -> frozenset[str]:
        """Return the ids of those in the user group with the id *group* of the workspace *team*."""

    def tell(
        self,
        message: Message,
        *,
        user: str,
        channel: str,
        thread_ts: str | None,
        response_url: str,
        seconds: float,
    ) -> bool:
        """Show *message* to *user* alone; return False if that failed, which is not tried again."""


class SlackPeople:
    """The calls of Slack's Web API about people."""

    def __init__(self, client: SlackClient, *, base_url: str) -> None:
        """Use *client*, whose API is at *base_url*."""
        self._slack = client
        self._base_url = base_url
        self._http: urllib3.PoolManager | None = None

    def profile(self, user: str, *, seconds: float) -> Profile:
        """Return the person with the id *user*."""
        answer = self._ask("users.info", {"user": user}, seconds)
        found = answer.get("user")
        return _profile(user, found if isinstance(found, Mapping) else {})

    def members(self, channel: str, *, seconds: float) -> frozenset[str]:
        """Return the ids of those who are in *channel*."""
        members: set[str] = set()
        for page in self._pages("conversations.members", {"channel": channel}, seconds):
            members.update(page.get("members") or ())
        return frozenset(members)

    def group(self, group: str, team: str, *, seconds: float) -> frozenset[str]:
        """Return the ids of those in the user group *group*."""
        arguments = {"usergroup": group} | ({"team_id": team} if team else {})
        answer = self._ask("usergroups.users.list", arguments, seconds)
        return frozenset(answer.get("users") or ())

    def tell(
        self,
        message: Message,
        *,
        user: str,
        channel: str,
        thread_ts: str | None,
        response_url: str,
        seconds: float,
    ) -> bool:
        """
        Show *message* to *user* alone; return False if that failed, which is not tried again.

        The address of the press takes five answers within half an hour, also in channels that the
        app is not in; after that a message is posted, which the person only sees in the channel.
        """
        content = {"text": message.text, "blocks": list(message.blocks)}
        if self._is_taken_at(response_url, content, seconds):
            return True
        arguments = {"channel": channel, "user": user, **content}
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        try:
            self._slack.call("chat.postEphemeral", arguments, channel=channel, seconds=seconds)
        except DeliveryError as error:
            logger.warning("person not answered", user=user, channel=channel, code=error.code)
            return False
        return True

    def _is_taken_at(self, url: str, content: Mapping[str, Any], seconds: float) -> bool:
        """Return True if the address *url* of a press took *content*."""
        if not self.may_answer_at(url):
            return False
        if self._http is None:
            self._http = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False)
        body = {**content, "response_type": "ephemeral", "replace_original": False}
        try:
            answer = self._http.request(
                "POST",
                url,
                body=json.dumps(body).encode(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=max(min(seconds, 10.0), 0.1),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            logger.warning("answer not taken", error=type(error).__name__)
            return False
        is_taken = 200 <= answer.status < 300  # noqa: PLR2004 -- the statuses of success
        if not is_taken:
            logger.warning("answer not taken", status=answer.status)
        return is_taken

    def may_answer_at(self, url: str) -> bool:
        """Return True if *url* is Slack's own, or on the host of the API (a local Slack's)."""
        return takes_answers(url, self._base_url)

    def _pages(
        self, method: str, arguments: Mapping[str, Any], seconds: float
    ) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {**arguments, "limit": _PAGE}
        for _ in range(_MAX_PAGES):
            answer = self._ask(method, asked, seconds)
            yield answer
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            asked["cursor"] = cursor

    def _ask(self, method: str, arguments: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        channel = str(arguments.get("channel", method))
        try:
            return self._slack.call(method, arguments, channel=channel, seconds=seconds)
        except CredentialError as error:
            if error.code != MISSING_SCOPE:
                raise
            raise ScopeError(_SCOPES[method], error) from error


def _profile(user: str, found: Mapping[str, Any]) -> Profile:
    """Return the profile in Slack's answer; an attribute of another type counts against it."""
    organization = found.get("enterprise_user")
    organization = organization if isinstance(organization, Mapping) else {}
    several = organization.get("teams")
    teams = [found.get("team_id"), *(several if isinstance(several, list) else ())]
    shown = found.get("profile")
    shown = shown if isinstance(shown, Mapping) else {}
    names = (shown.get("display_name"), found.get("name"), shown.get("real_name"))
    is_real = found.get("id") == user
    return Profile(
        id=user,
        name=next((each for each in names if isinstance(each, str) and each.strip()), user),
        teams=frozenset(each for each in teams if isinstance(each, str) and each),
        is_full_member=is_real
        and not any(
            found.get(each)
            for each in (
                "deleted",
                "is_bot",
                "is_restricted",
                "is_ultra_restricted",
                "is_stranger",
                "is_invited_user",
            )
        ),
    )
