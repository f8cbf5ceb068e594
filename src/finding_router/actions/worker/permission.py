"""Who may press which button."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from finding_router.actions.press import Press
from finding_router.errors import (
    AgainError,
    DeliveryError,
    RateLimitedError,
    RefusedError,
    ScopeError,
    UnavailableError,
)
from finding_router.routing.items.route import Route
from finding_router.slack.api.people import People
from finding_router.slack.kit.buttons import LABELS
from finding_router.slack.kit.text import words

# How long an answer of Slack about people counts.
CACHE_SECONDS: Final = 300.0
# Somebody who is not found may have just joined.
_FRESH_SECONDS: Final = 20.0
_CACHED: Final = 500
_CALL_SECONDS: Final = 20.0
_WAIT_SECONDS: Final = 5.0
_NAME_CHARS: Final = 80


class Doorkeeper:
    """
    Decides who may press, by the rules of routes and by what Slack knows of people.

    Without a rule each full member of the workspace may who is in the channel: no guest, no app,
    nobody from outside. Where several routes led to a message, each of their rules has to permit
    it. What Slack does not tell counts as a refusal.
    """

    def __init__(self, people: People, *, clock: Callable[[], float]) -> None:
        """Ask *people*; *clock* gives Unix seconds."""
        self._people = people
        self._clock = clock
        self._known: dict[tuple[str, ...], tuple[float, object]] = {}

    def check(self, press: Press, routes: Iterable[Route]) -> None:
        """
        Return if the person may press the button.

        Raises:
            RefusedError: The person may not; the message says why.
            AgainError: Slack does not answer now.

        """
        rules = {route.name: route.actions for route in routes if route.actions is not None}
        for name, rule in rules.items():
            if not rule.permits(press.action):
                allowed = _listed([LABELS[each].rstrip("…") for each in rule.only or ()])
                raise RefusedError(
                    f"The route “{words(name, _NAME_CHARS)}” that led here allows "
                    f"{f'only {allowed}' if allowed else 'no changes'} from its messages.",
                    why="button not allowed",
                )
        try:
            lists = {name: rule.allow for name, rule in rules.items() if rule.allow is not None}
            self._check_lists(press, lists)
            if len(lists) < max(len(rules), 1):
                self._check_member(press)
        except ScopeError as error:
            raise RefusedError(
                "The router cannot find out whether you may do that: its Slack app lacks the scope "
                f"`{error.scope}` ({error.method}). Whoever installed it can add the scope and "
                "install it again. Nothing was changed.",
                why="missing scope",
            ) from error
        except (RateLimitedError, UnavailableError) as error:
            raise AgainError(str(error), seconds=_WAIT_SECONDS) from error
        except DeliveryError as error:
            raise RefusedError(
                "The router cannot find out whether you may do that: Slack answers "
                f"`{error.code}` to {error.method}. Nothing was changed.",
                why=f"slack {error.code}",
            ) from error

    def _check_lists(self, press: Press, lists: Mapping[str, Sequence[str]]) -> None:
        user = press.user.id
        for name, allowed in lists.items():
            groups = [each for each in allowed if each.startswith("S")]
            if user in allowed or any(self._is_in_group(user, each, press) for each in groups):
                continue
            raise RefusedError(
                f"The route “{words(name, _NAME_CHARS)}” that led here allows only some "
                "people to do that, and you are not one of them. Nothing was changed.",
                why="not allowed by route",
            )

    def _check_member(self, press: Press) -> None:
        user = press.user.id
        profile = self._kept(
            ("user", user), lambda: self._people.profile(user, seconds=_CALL_SECONDS)
        )
        # An app of an organization names no workspace: then the person's own counts.
        home = press.team or press.user.team
        if not profile.is_full_member or home not in profile.teams:
            raise RefusedError(
                "Only full members of this workspace may do that: no guests, and nobody from "
                "outside. Nothing was changed.",
                why="no full member",
            )
        if press.channel[:1] != "D" and not self._is_in_channel(user, press.channel):
            raise RefusedError(
                "Only people who are in this channel may do that: join it, and press again. "
                "Nothing was changed.",
                why="not in channel",
            )

    def _is_in_channel(self, user: str, channel: str) -> bool:
        return self._is_among(
            user,
            ("channel", channel),
            lambda: self._people.members(channel, seconds=_CALL_SECONDS),
        )

    def _is_in_group(self, user: str, group: str, press: Press) -> bool:
        team = press.user.team or press.team
        return self._is_among(
            user,
            ("group", group, team),
            lambda: self._people.group(group, team, seconds=_CALL_SECONDS),
        )

    def _is_among(
        self, user: str, about: tuple[str, ...], ask: Callable[[], frozenset[str]]
    ) -> bool:
        if user in self._kept(about, ask):
            return True
        return user in self._kept(about, ask, seconds=_FRESH_SECONDS)

    def _kept[Value](
        self, about: tuple[str, ...], ask: Callable[[], Value], *, seconds: float = CACHE_SECONDS
    ) -> Value:
        """Return Slack's answer, or the one that it gave within *seconds*."""
        now = self._clock()
        if about in self._known:
            at, value = self._known[about]
            if now - at < seconds:
                return value  # type: ignore[return-value]  # each name has answers of one type
        answer = ask()
        if len(self._known) >= _CACHED:
            self._known.clear()
        self._known[about] = now, answer
        return answer


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
