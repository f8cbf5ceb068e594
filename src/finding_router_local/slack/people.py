"""The people of the workspace: an example set, and users.* and usergroups.* of the Web API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from finding_router_local.slack.refusal import Refusal

if TYPE_CHECKING:
    from finding_router_local.slack.arguments import Arguments
    from finding_router_local.slack.workspace import Workspace

TEAM_ID: Final = "T0LOCALTEAM"
OTHER_TEAM_ID: Final = "T0OTHERTEAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    A person who uses the workspace.

    *is_restricted* is a guest, *is_ultra_restricted* one of a single channel, and one of another
    *team_id* comes through a channel that two organisations share. Unless a channel names its
    people, all those are in it who *join* every channel.
    """

    id: str
    name: str
    real_name: str
    tz: str = "Europe/Berlin"
    team_id: str = TEAM_ID
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_deleted: bool = False
    joins: bool = True

    @property
    def role(self) -> str:
        """Return how the person belongs to the workspace, in words."""
        if self.team_id != TEAM_ID:
            return "from another workspace"
        if self.is_ultra_restricted:
            return "guest of one channel"
        if self.is_restricted:
            return "guest"
        return "member" if self.joins else "member, in no channel"


PEOPLE: Final = (
    Person(id="U0JANE00001", name="jane", real_name="Jane Doe"),
    Person(id="U0SAM000001", name="sam", real_name="Sam Roe", tz="America/New_York"),
    Person(id="U0NELLY0001", name="nelly", real_name="Nelly Poe", joins=False),
    Person(id="U0GUS000001", name="gus", real_name="Gus Guest", is_restricted=True),
    Person(
        id="U0SOLO00001",
        name="solo",
        real_name="Solo Guest",
        is_restricted=True,
        is_ultra_restricted=True,
    ),
    Person(
        id="U0OLGA00001",
        name="olga",
        real_name="Olga Outsider",
        tz="Asia/Tokyo",
        team_id=OTHER_TEAM_ID,
    ),
)
FIRST_PERSON: Final = PEOPLE[0].name
# https://docs.slack.dev/reference/objects/usergroup-object
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {"S0SECURITY1": ("U0JANE00001",)}


def user_info(workspace: "Workspace", arguments: "Arguments") -> dict[str, Any]:
    """Describe a user: https://docs.slack.dev/reference/methods/users.info."""
    person = workspace.people.get(arguments.text("user"))
    if person is None:
        raise Refusal("user_not_found")
    return {"user": _as_slack(person, workspace)}


def group_users(workspace: "Workspace", arguments: "Arguments") -> dict[str, Any]:
    """List a user group: https://docs.slack.dev/reference/methods/usergroups.users.list."""
    members = workspace.groups.get(arguments.text("usergroup"))
    if members is None:
        raise Refusal("no_such_subteam")
    return {"users": list(members)}


def _as_slack(person: Person, workspace: "Workspace") -> dict[str, Any]:
    """Return *person* as https://docs.slack.dev/reference/objects/user-object, without e-mail."""
    now = datetime.fromtimestamp(workspace.now(), ZoneInfo(person.tz))
    offset = now.utcoffset()
    shown: dict[str, Any] = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.is_deleted,
        "real_name": person.real_name,
        "profile": {
            "real_name": person.real_name,
            "display_name": person.name,
            "team": person.team_id,
        },
        "is_bot": False,
        "is_app_user": False,
        "updated": 0,
    }
    if person.team_id != TEAM_ID:
        return {**shown, "is_stranger": True}
    return shown | {
        "tz": person.tz,
        "tz_label": now.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
    }
