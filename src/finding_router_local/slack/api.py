"""The Web API without its HTTP: a method, a token and arguments in, an answer out."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router_local.slack import chat, conversations, limits, modals, people, validation
from finding_router_local.slack.arguments import Arguments
from finding_router_local.slack.faults import RATE_LIMITED_STATUS, Fault, FaultPlan
from finding_router_local.slack.pace import Pace
from finding_router_local.slack.people import TEAM_ID
from finding_router_local.slack.refusal import Refusal
from finding_router_local.slack.workspace import (
    BOT_ID,
    BOT_USER_ID,
    Channel,
    Workspace,
)

type Work = Callable[[Workspace, Arguments], dict[str, Any]]

# The body that Slack's proxies send with a 5xx: it is no JSON.
_PROXY_PAGE: Final = "<!DOCTYPE html><html><head><title>Server Error</title></head></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The answer to a call; a string as *body* is sent as it is.

    It is sent after *delay_seconds*, or with *drop* the connection closes without it.
    """

    body: Mapping[str, Any] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    drop: bool = False

    @property
    def error(self) -> str:
        """Slack's error code, "ok" if there is none."""
        if self.drop:
            return "dropped"
        if isinstance(self.body, str):
            return f"http_{self.status}"
        return "ok" if self.body["ok"] else str(self.body["error"])


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its work, the scope that it needs, calls a minute (None: paced by channel)."""

    work: Work
    per_minute: int | None
    scope: str | None = None


def _auth_test(workspace: Workspace, _arguments: Arguments) -> dict[str, Any]:
    """Return the owner of the token: https://docs.slack.dev/reference/methods/auth.test."""
    return {
        "url": workspace.url,
        "team": workspace.name,
        "team_id": TEAM_ID,
        "user": "security_hub_router",
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


# Tiers and scopes: the page of each method under https://docs.slack.dev/reference/methods.
# A scope that depends on the channel is checked by the method itself.
METHODS: Final[Mapping[str, Method]] = {
    "auth.test": Method(_auth_test, limits.SPECIAL_TIER_PER_MINUTE),
    "chat.delete": Method(chat.delete, limits.TIER_3_PER_MINUTE, "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, limits.TIER_4_PER_MINUTE, "chat:write"),
    "chat.postMessage": Method(chat.post_message, None, "chat:write"),
    "chat.update": Method(chat.update, limits.TIER_3_PER_MINUTE, "chat:write"),
    "conversations.history": Method(conversations.history, limits.TIER_3_PER_MINUTE),
    "conversations.info": Method(conversations.info, limits.TIER_3_PER_MINUTE),
    "conversations.list": Method(conversations.list_channels, limits.TIER_2_PER_MINUTE),
    "conversations.members": Method(conversations.members, limits.TIER_4_PER_MINUTE),
    "conversations.replies": Method(conversations.replies, limits.TIER_3_PER_MINUTE),
    "usergroups.users.list": Method(
        people.group_users, limits.TIER_2_PER_MINUTE, "usergroups:read"
    ),
    "users.info": Method(people.user_info, limits.TIER_4_PER_MINUTE, "users:read"),
    "views.open": Method(modals.open_view, limits.TIER_4_PER_MINUTE),
    "views.update": Method(modals.update_view, limits.TIER_4_PER_MINUTE),
}
# Anybody may call these, without a token.
OPEN_METHODS: Final[Mapping[str, Method]] = {
    "blocks.validate": Method(validation.validate, limits.SPECIAL_TIER_PER_MINUTE),
}


# The name of posts to a response_url in faults and figures: they are no method.
RESPONSE_URL: Final = "response_url"
_GONE: Final = frozenset({"expired_url", "invalid_url", "used_url"})


@dataclass(slots=True)
class Statistics:
    """
    Calls by method; answers by method and Slack's error ("ok" where there was none, "dropped").

    *posts* holds, per channel name, when each message was posted, in seconds since 1970.
    """

    calls: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    rate_limited: Counter[str] = field(default_factory=Counter)
    posts: dict[str, list[float]] = field(default_factory=dict)

    def busiest(self, channel: str, seconds: float = 1.0) -> int:
        """Return the most posts that *channel* saw within any window of *seconds*."""
        times = self.posts.get(channel.removeprefix("#"), [])
        return max(
            (bisect_right(times, start + seconds) - index for index, start in enumerate(times)),
            default=0,
        )

    def copy(self) -> "Statistics":
        """Return the figures of now, which do not change any more."""
        return Statistics(
            calls=self.calls.copy(),
            answers=self.answers.copy(),
            rate_limited=self.rate_limited.copy(),
            posts={name: list(times) for name, times in self.posts.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other processes."""
        return {
            "calls": dict(self.calls),
            "answers": [
                {"method": method, "error": error, "count": count}
                for (method, error), count in sorted(self.answers.items())
            ],
            "rate_limited": dict(self.rate_limited),
            "posts": self.posts,
        }


class WebApi:
    """Answer calls on *workspace* as Slack would, unless *faults* or *pace* (None: any) object."""

    def __init__(self, workspace: Workspace, faults: FaultPlan, pace: Pace | None) -> None:
        self.workspace = workspace
        self.faults = faults
        self.pace = pace
        self._statistics = Statistics()

    @property
    def statistics(self) -> Statistics:
        """The calls and answers so far."""
        with self.workspace.lock:
            return self._statistics.copy()

    def clear(self) -> None:
        """Forget messages, faults, pace and figures; channels and the token stay."""
        with self.workspace.lock:
            self.workspace.clear()
            self.faults.clear()
            self._statistics = Statistics()
            if self.pace is not None:
                self.pace.clear()

    def respond(self, token: str, values: Mapping[str, Any]) -> Answer:
        """Answer a message for a response_url, which faults and figures name *RESPONSE_URL*."""

        def work() -> Answer:
            try:
                url = self.workspace.interactions.use_response_url(token)
                chat.respond(self.workspace, url, Arguments(values))
            except Refusal as refusal:
                status = 404 if refusal.error in _GONE else 400
                return replace(self._refused(refusal), status=status)
            return Answer({"ok": True})

        return self._with_faults(RESPONSE_URL, frozenset(), work)

    def call(self, method: str, token: str | None, values: Mapping[str, Any]) -> Answer:
        """Carry out one call; never raises for the arguments of a caller."""
        arguments = Arguments(values)
        names = self._channel_names(arguments)
        return self._with_faults(method, names, lambda: self._work(method, token, arguments))

    def _with_faults(
        self, method: str, channels: frozenset[str], work: Callable[[], Answer]
    ) -> Answer:
        with self.workspace.lock:
            fault = self.faults.strike(method, channels)
            if fault is None or fault.takes_effect:
                answer = work()
            else:
                answer = Answer({"ok": False, "error": fault.error or "dropped"})
            if fault is not None:
                if fault.meanwhile is not None:
                    fault.meanwhile()
                answer = _spoiled(answer, fault)
            self._count(method, answer)
        return answer

    def _work(self, method: str, token: str | None, arguments: Arguments) -> Answer:
        try:
            known = METHODS.get(method) or OPEN_METHODS.get(method)
            if known is None:
                return Answer({"ok": False, "error": "unknown_method", "req_method": method})
            if method in METHODS:
                self.workspace.check_token(token)
            if known.scope is not None:
                self.workspace.check_scope(known.scope)
            self._keep_pace(method, known, arguments)
            body = known.work(self.workspace, arguments)
        except Refusal as refusal:
            return self._refused(refusal)
        if method in OPEN_METHODS:
            return Answer({"ok": not body, **body})
        if method == "chat.postMessage":
            posted = self.workspace.visible_channel(body["channel"])
            times = self._statistics.posts.setdefault(posted.name, [])
            times.append(float(body["ts"]))
        return Answer({"ok": True, **body}, headers={"X-OAuth-Scopes": self._scopes})

    def _keep_pace(self, method: str, known: Method, arguments: Arguments) -> None:
        if self.pace is None:
            return
        if known.per_minute is not None:
            wait = self.pace.wait_for_call(method, known.per_minute)
        else:
            said = arguments.text("channel")
            channel = self.workspace.find_channel(said)
            wait = self.pace.wait_for_post(channel.name if channel else said.removeprefix("#"))
        if wait:
            raise Refusal("ratelimited", retry_after_seconds=math.ceil(wait))

    def _refused(self, refusal: Refusal) -> Answer:
        body: dict[str, Any] = {"ok": False, "error": refusal.error}
        if refusal.needed is not None:
            body |= {"needed": refusal.needed, "provided": self._scopes}
        if refusal.messages:
            body["errors"] = [each.removeprefix("[ERROR] ") for each in refusal.messages]
            body["response_metadata"] = {"messages": list(refusal.messages)}
        if refusal.retry_after_seconds is not None:
            headers = {"Retry-After": str(refusal.retry_after_seconds)}
            return Answer(body, RATE_LIMITED_STATUS, headers)
        return Answer(body)

    def _count(self, method: str, answer: Answer) -> None:
        self._statistics.calls[method] += 1
        self._statistics.answers[method, answer.error] += 1
        if answer.status == RATE_LIMITED_STATUS:
            self._statistics.rate_limited[method] += 1

    def _channel_names(self, arguments: Arguments) -> frozenset[str]:
        said = arguments.text("channel")
        found: Channel | None = self.workspace.find_channel(said)
        names = {said.removeprefix("#")} | ({found.id, found.name} if found else set())
        return frozenset(names)

    @property
    def _scopes(self) -> str:
        return ",".join(self.workspace.scopes)


def _spoiled(answer: Answer, fault: Fault) -> Answer:
    """Return *answer* as *fault* changes it."""
    if fault.drop is not None:
        return Answer(answer.body, drop=True, delay_seconds=fault.delay_seconds)
    if not fault.answers:
        return Answer(answer.body, answer.status, answer.headers, delay_seconds=fault.delay_seconds)
    headers: dict[str, str] = {}
    status = fault.http_status or 200
    error = fault.error
    if fault.is_rate_limit:
        status = RATE_LIMITED_STATUS
        headers["Retry-After"] = str(1 if fault.retry_after is None else fault.retry_after)
        error = error or "ratelimited"
    if error is None:
        return Answer(_PROXY_PAGE, status, headers, fault.delay_seconds)
    body: dict[str, Any] = {"ok": False, "error": error}
    if fault.messages:
        body["response_metadata"] = {"messages": list(fault.messages)}
    return Answer(body, status, headers, fault.delay_seconds)
