"""The state of a workspace: channels, messages, the app, its token and scopes."""

import base64
import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args
from unicodedata import category

from finding_router_local.slack.interactions import Interactions
from finding_router_local.slack.limits import MAX_CHANNEL_NAME
from finding_router_local.slack.people import GROUPS, PEOPLE, Person
from finding_router_local.slack.refusal import Refusal

type Standing = Literal["active", "revoked", "expired", "inactive"]

STANDINGS: Final = get_args(Standing.__value__)
_ERROR_OF: Final = {
    "revoked": "token_revoked",
    "expired": "token_expired",
    "inactive": "account_inactive",
}

# https://docs.slack.dev/reference/scopes: to post, and to find channels by their names.
DEFAULT_SCOPES: Final = ("chat:write", "chat:write.public", "channels:read")
# With buttons, to know who presses them.
ACTION_SCOPES: Final = (*DEFAULT_SCOPES, "groups:read", "users:read", "usergroups:read")

APP_ID: Final = "A0ROUTERAPP"
BOT_ID: Final = "B0ROUTERBOT"
BOT_USER_ID: Final = "U0ROUTERBOT"
APP_NAME: Final = "Security Hub Router"

_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{8,}")


@dataclass(slots=True, kw_only=True)
class Channel:
    """
    A channel; *is_member* says whether the app was invited.

    *people* are the ids of those in it; None stands for all who join every channel.
    """

    id: str
    name: str
    created: int
    is_archived: bool = False
    is_member: bool = True
    is_private: bool = False
    people: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """
    The present state of a message, after all updates.

    *channel* is the id; *sent* holds the arguments of the call that made or last changed it;
    *author* is a user id. Times are Slack's ``ts``, seconds with six digits.
    """

    channel: str
    channel_name: str
    ts: str
    text: str = ""
    blocks: Sequence[Mapping[str, Any]] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    metadata: Mapping[str, Any] | None = None
    thread_ts: str | None = None
    is_broadcast: bool = False
    edited_ts: str | None = None
    author: str = BOT_USER_ID
    sent: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        """Return True if it is in a thread, and does not open one."""
        return self.thread_ts is not None

    @property
    def posted_at(self) -> float:
        """Return the time of the post, in Unix seconds."""
        return float(self.ts)

    def as_json(self) -> dict[str, Any]:
        """Return all fields as JSON for other processes."""
        return {**asdict(self), "posted_at": self.posted_at}


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralMessage(PostedMessage):
    """A message that only *reader*, a user id, sees; Slack does not keep it."""

    reader: str


class Workspace:
    """
    All state, behind one lock that callers hold for a whole call (`with workspace.lock`).

    With *auto_create* a post to an unknown channel name creates the channel, unlike in Slack.
    *clock* returns Unix seconds.
    """

    def __init__(
        self,
        *,
        token: str,
        clock: Callable[[], float],
        scopes: Sequence[str] = DEFAULT_SCOPES,
        auto_create: bool = False,
    ) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self.name = "Local Slack"
        self.url = "http://127.0.0.1/"
        self.token = token
        self.standing: Standing = "active"
        self.scopes = tuple(scopes)
        self.auto_create = auto_create
        self.people = {person.id: person for person in PEOPLE}
        self.groups = dict(GROUPS)
        self.interactions = Interactions(clock)
        self._clock = clock
        self._revoked: set[str] = set()
        self._channels: dict[str, Channel] = {}
        self._messages: dict[str, list[PostedMessage]] = {}
        self._last_microseconds = 0

    def now(self) -> float:
        """Return the time of the workspace, in Unix seconds."""
        return self._clock()

    # People

    def find_person(self, name_or_id: str) -> Person | None:
        """Return the person with this id, or name with or without its @; None if there is none."""
        with self.lock:
            if name_or_id in self.people:
                return self.people[name_or_id]
            name = name_or_id.removeprefix("@")
            return next((each for each in self.people.values() if each.name == name), None)

    def members(self, channel: Channel) -> list[str]:
        """Return the ids of the people in *channel*, and of the app if it was invited."""
        everywhere = tuple(each.id for each in self.people.values() if each.joins)
        found = everywhere if channel.people is None else channel.people
        return [*found, *([BOT_USER_ID] if channel.is_member else [])]

    # Token

    def rotate_token(self, token: str) -> None:
        """Put *token* in force and revoke the one before."""
        with self.lock:
            self._revoked.add(self.token)
            self._revoked.discard(token)
            self.token = token
            self.standing = "active"

    def check_token(self, token: str | None) -> None:
        """Raise Slack's error for a token that is absent, unknown or no longer good."""
        if not token:
            raise Refusal("not_authed")
        if token in self._revoked:
            raise Refusal("token_revoked")
        if token != self.token:
            raise Refusal("invalid_auth")
        if error := _ERROR_OF.get(self.standing):
            raise Refusal(error)

    def check_scope(self, scope: str) -> None:
        """Raise missing_scope unless the token has *scope*."""
        if scope not in self.scopes:
            raise Refusal("missing_scope", needed=scope)

    # Channels

    def add_channel(
        self,
        name: str,
        *,
        archived: bool = False,
        member: bool = True,
        private: bool = False,
        people: Sequence[str] | None = None,
    ) -> Channel:
        """
        Make a channel, or bring the one of that *name* into this state.

        *people* are names or ids; raise KeyError for an unknown one.
        """
        with self.lock:
            name = name.removeprefix("#")
            known = self.find_channel(name)
            if known is None:
                known = Channel(id=_channel_id(name), name=name, created=int(self._clock()))
                self._channels[known.id] = known
                self._messages[known.id] = []
            known.is_archived = archived
            known.is_member = member
            known.is_private = private
            known.people = None if people is None else tuple(map(self._id_of, people))
            self.touch()
            return known

    def _id_of(self, name_or_id: str) -> str:
        person = self.find_person(name_or_id)
        if person is None:
            raise KeyError(name_or_id)
        return person.id

    def channels(self) -> list[Channel]:
        """Return all channels, those that the app cannot see too, by name."""
        with self.lock:
            return sorted(self._channels.values(), key=lambda channel: channel.name)

    def find_channel(self, name_or_id: str) -> Channel | None:
        """Return the channel with this id, or name with or without its #; None if there is none."""
        with self.lock:
            if name_or_id in self._channels:
                return self._channels[name_or_id]
            name = name_or_id.removeprefix("#")
            return next((each for each in self._channels.values() if each.name == name), None)

    def visible_channel(self, channel_id: str) -> Channel:
        """Return the channel of that id; raise channel_not_found where the app cannot see it."""
        channel = self._channels.get(channel_id)
        if channel is None or (channel.is_private and not channel.is_member):
            raise Refusal("channel_not_found")
        return channel

    def channel_to_post_to(self, name_or_id: str) -> Channel:
        """
        Return the channel for chat.postMessage, the only method that takes names.

        Raise Slack's error where the app may not post there; with *auto_create* a name that is
        valid and unknown becomes a public channel with the app in it.
        """
        channel = self.find_channel(name_or_id)
        if channel is None and self.auto_create and is_channel_name(name_or_id.removeprefix("#")):
            channel = self.add_channel(name_or_id)
        if channel is None or (channel.is_private and not channel.is_member):
            raise Refusal("channel_not_found")
        if channel.is_archived:
            raise Refusal("is_archived")
        if not channel.is_member and "chat:write.public" not in self.scopes:
            raise Refusal("not_in_channel")
        return channel

    # Messages

    def messages(self, channel: str | None = None) -> list[PostedMessage]:
        """Return the messages of *channel* (name or id) or of all, oldest first."""
        with self.lock:
            if channel is None:
                every = [each for held in self._messages.values() for each in held]
                return sorted(every, key=lambda message: message.ts)
            known = self.find_channel(channel)
            return list(self._messages[known.id]) if known else []

    def find_message(self, channel: Channel, ts: str) -> PostedMessage | None:
        """Return the message of *channel* with this ts; None if there is none."""
        with self.lock:
            return next((each for each in self._messages[channel.id] if each.ts == ts), None)

    def store(self, message: PostedMessage) -> PostedMessage:
        """Store *message*, in place of a message with the same ts."""
        with self.lock:
            held = self._messages[message.channel]
            for index, each in enumerate(held):
                if each.ts == message.ts:
                    held[index] = message
                    break
            else:
                held.append(message)
            self.touch()
            return message

    def add_message(
        self, channel: str, text: str, *, author: str = "U0PERSON01", thread_ts: str | None = None
    ) -> PostedMessage:
        """Post as a person would, past all limits; raise KeyError for an unknown channel."""
        with self.lock:
            known = self.find_channel(channel)
            if known is None:
                raise KeyError(channel)
            return self.store(
                PostedMessage(
                    channel=known.id,
                    channel_name=known.name,
                    ts=self.next_ts(),
                    text=text,
                    author=author,
                    thread_ts=thread_ts,
                    sent={"channel": channel, "text": text},
                )
            )

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message as a person would; raise KeyError where there is none."""
        with self.lock:
            known = self.find_channel(channel)
            message = self.find_message(known, ts) if known else None
            if message is None:
                raise KeyError(ts)
            self._messages[message.channel].remove(message)
            self.touch()

    def change(self, message: PostedMessage, **changes: Any) -> PostedMessage:
        """Store *message* with *changes*, marked as edited now."""
        return self.store(replace(message, edited_ts=self.next_ts(), **changes))

    def next_ts(self) -> str:
        """Return the time now as a ts that no message has."""
        with self.lock:
            microseconds = max(int(self._clock() * 1e6), self._last_microseconds + 1)
            self._last_microseconds = microseconds
            return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"

    def clear(self) -> None:
        """Forget all messages and what people did with them; channels and people stay."""
        with self.lock:
            self.interactions.clear()
            for held in self._messages.values():
                held.clear()
            self.touch()

    def touch(self) -> None:
        """Wake threads that wait for news."""
        with self.lock:
            self.version += 1
            self.changed.notify_all()

    def wait_for_news(self, seen: int, timeout_seconds: float) -> int:
        """Return the version, after waiting for one other than *seen* for that long at most."""
        with self.lock:
            self.changed.wait_for(lambda: self.version != seen, timeout_seconds)
            return self.version


def is_channel_name(name: str) -> bool:
    """Return True if a channel can have that name (no capitals, blanks or dots; 80 at most)."""
    if not 0 < len(name) <= MAX_CHANNEL_NAME or name != name.lower() or _CHANNEL_ID.match(name):
        return False
    # The vowels of Hindi or Thai are marks.
    return all(each.isalnum() or each in "-_" or category(each) in {"Mn", "Mc"} for each in name)


def _channel_id(name: str) -> str:
    """Make an id that is the same for a name at every start."""
    digest = hashlib.sha256(name.encode()).digest()
    return "C0" + base64.b32encode(digest).decode()[:9].replace("=", "0")
