"""A press of a button, as it waits in the queue for the worker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from finding_router.actions import compact

KIND: Final = "press"
_VERSION: Final = 1
# The longest reason that a form takes.
REASON_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class Presser:
    """The person who pressed, and the workspace (or organization) that the person belongs to."""

    id: str
    name: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """
    A press of *action* by *user*, at the Unix second *at*.

    *ref* is the reference of the button, *picked* the subject that was chosen from a digest. *form*
    are the values of a modal. *response_url* takes ephemeral answers for half an hour; it is not to
    be logged. All but *team* and *user* may be "" where Slack left it out.

    *received_at* is the Unix second at which the endpoint had it, to the microsecond: Slack signs
    whole seconds. *refused* is the reason for which the endpoint refused it, and told the person:
    the worker only records it.
    """

    id: str
    action: str
    ref: str
    user: Presser
    team: str
    channel: str
    ts: str
    response_url: str
    at: int
    picked: str | None = None
    thread_ts: str | None = None
    form: Mapping[str, Any] | None = None
    refused: str | None = None
    received_at: float | None = None

    @property
    def moment(self) -> float:
        """Return the Unix second that orders it among other presses."""
        return float(self.at) if self.received_at is None else self.received_at

    def to_body(self) -> str:
        """Return the body of its message in the queue."""
        values = {"v": _VERSION, "kind": KIND, **asdict(self)}
        if self.form is None:
            del values["form"]
        return compact.written(values)

    @classmethod
    def of_body(cls, body: object) -> "Press | None":
        """Return the press in *body*; None if the endpoint of this version did not write it."""
        match compact.read(body):
            case {
                "v": 1,
                "kind": "press",
                "id": str(),
                "action": str(),
                "ref": str(),
                "user": {"id": str(), "name": str(), "team": str()},
                "team": str(),
                "channel": str(),
                "ts": str(),
                "response_url": str(),
                "at": int(),
            } as values:
                return _press(values)
        return None


def _press(values: Mapping[str, Any]) -> Press | None:
    user, form = values["user"], values.get("form")
    picked, thread_ts = values.get("picked"), values.get("thread_ts")
    if not isinstance(picked, str | None) or not isinstance(thread_ts, str | None):
        return None
    refused = values.get("refused")
    received_at = values.get("received_at")
    if not isinstance(form, dict | None) or not isinstance(refused, str | None):
        return None
    if not isinstance(received_at, int | float | None):
        return None
    return Press(
        **{name: values[name] for name in _PLAIN},
        user=Presser(user["id"], user["name"], user["team"]),
        picked=picked,
        thread_ts=thread_ts,
        form=form,
        refused=refused,
        received_at=received_at,
    )


_PLAIN: Final = ("id", "action", "ref", "team", "channel", "ts", "response_url", "at")
