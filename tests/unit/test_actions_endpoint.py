"""The endpoint turns a press into a form, a message in the queue, a sentence, or nothing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router.actions.handler import (
    LOST_FORM,
    OUTSIDE,
    OUTSIDER,
    SUBMIT_AGAIN,
    TOO_LATE,
    TRY_AGAIN,
    UNKNOWN,
    UNREADABLE,
    Endpoint,
    zone_of,
)
from finding_router.actions.modals import METADATA_CHARS, TITLE_CHARS, modal, read_place
from finding_router.actions.payload import read_click
from finding_router.actions.press import Press, Presser
from finding_router.actions.secret import SigningSecret
from finding_router.actions.web import SlackCallError, Web
from finding_router.actions.workspace import Workspace
from finding_router.errors import StoreError
from finding_router.slack.kit.reference import digest_reference
from finding_router_local.slack.modals import checked_view
from presses import (
    APP,
    CHANNEL,
    REFERENCE,
    RESPONSE_URL,
    SECRET,
    SUBJECT,
    TEAM,
    chosen,
    click,
    event_of,
    submission,
)

# A Wednesday, 14:02 in Zurich.
NOW = datetime(2026, 3, 4, 13, 2, tzinfo=UTC).timestamp()
OK = {"statusCode": 200, "body": ""}
REFUSED = {"statusCode": 401, "body": ""}


class FakeInbox:
    """Remembers ids, presses and the workspace; *is_down* refuses all."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.presses: list[Press] = []
        self.kept = ""
        self.is_down = False

    def is_new(self, id_: str) -> bool:
        """Return True for a new id."""
        is_new = id_ not in self.ids
        self.ids.add(id_)
        return is_new

    def put(self, press: Press) -> None:
        """Keep *press*."""
        if self.is_down:
            raise StoreError("down")
        self.presses.append(press)

    def team(self) -> str:
        """Return the workspace."""
        return self.kept

    def keep_team(self, team: str) -> None:
        """Keep the workspace."""
        self.kept = team


class FakeWeb(Web):
    """Keeps calls and sentences; *codes* has Slack's error by method."""

    def __init__(self) -> None:
        super().__init__(token=lambda _: "xoxb-1", base_url="https://slack.com/api/")
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.told: list[str] = []
        self.codes: dict[str, str] = {}
        self.team = TEAM
        self.zone: object = "Europe/Zurich"

    def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer like Slack."""
        self.calls.append((method, arguments))
        if method in self.codes:
            raise SlackCallError(method, self.codes[method])
        return {"ok": True, "team_id": self.team, "user": {"tz": self.zone}}

    def tell(self, response_url: str, text: str) -> None:
        """Keep *text*."""
        assert RESPONSE_URL == response_url
        self.told.append(text)


class Slack:
    """The endpoint, and the Slack that sends to it."""

    def __init__(self, app: str | None = None, team: str | None = TEAM) -> None:
        self.inbox, self.web = FakeInbox(), FakeWeb()
        self.now = NOW
        self.endpoint = Endpoint(
            secret=SigningSecret(lambda: SECRET, lambda: self.now),
            workspace=Workspace(self.inbox, self.web, app=app, team=team, clock=lambda: self.now),
            inbox=self.inbox,  # type: ignore[arg-type]
            web=self.web,
            clock=lambda: self.now,
        )

    def send(self, payload: Mapping[str, Any] | bytes) -> dict[str, Any]:
        """Send *payload*, signed."""
        return self.endpoint.answer(event_of(payload, at=self.now))

    @property
    def refused(self) -> list[tuple[str, str]]:
        """The buttons of the presses in the queue, each of which was refused, and why."""
        return [(press.action, press.refused or "") for press in self.inbox.presses]

    def open(self, action: str) -> dict[str, Any]:
        """Press *action*, and return the form that opens."""
        assert OK == self.send(click(action))
        [(method, arguments)] = self.web.calls
        self.web.calls.clear()
        self.now += 1
        assert "views.open" == method
        view: dict[str, Any] = arguments["view"]
        return view

    def submit(self, view: Mapping[str, Any], **values: str) -> dict[str, str]:
        """Submit *view*, and return the sentences of its blocks."""
        answer = self.send(submission(view, chosen(**values)))
        if not answer["body"]:
            return {}
        content = json.loads(answer["body"])
        assert "errors" == content["response_action"]
        errors: dict[str, str] = content["errors"]
        # Slack shows no sentence of a block that the form does not have.
        assert set(errors) <= {block.get("block_id") for block in view["blocks"]}
        return errors


@pytest.fixture
def slack() -> Slack:
    """Return an endpoint whose workspace is set."""
    return Slack()


class TestRefused:
    """Requests that get 401 without a word."""

    def test_unsigned(self, slack: Slack) -> None:
        """Nothing is read of it."""
        assert REFUSED == slack.endpoint.answer({})
        assert REFUSED == slack.endpoint.answer(event_of(click(), at=NOW, secret="other"))
        assert not slack.inbox.ids

    def test_replay(self, slack: Slack) -> None:
        """The same bytes a second time."""
        event = event_of(click(), at=NOW)

        assert [OK, REFUSED] == [slack.endpoint.answer(event), slack.endpoint.answer(event)]
        assert 1 == len(slack.inbox.presses)

    def test_other_team(self, slack: Slack) -> None:
        """The app may be installed to several."""
        assert REFUSED == slack.send(click(team={"id": "T0OTHER"}))
        assert REFUSED == slack.send(click(team=None))
        assert not slack.inbox.presses

    def test_organization_of_the_app(self) -> None:
        """An app of the whole organization has its id."""
        slack = Slack(team="E0ORG")

        assert OK == slack.send(click(enterprise={"id": "E0ORG"}))
        assert REFUSED == slack.send(click(enterprise={"id": "E0OTHER"}))

    def test_other_app(self) -> None:
        """Where the app is set."""
        assert OK == Slack(app=APP).send(click())
        assert REFUSED == Slack(app="A0OTHER").send(click())


class TestWorkspaceOfTheToken:
    """Where no workspace is set."""

    def test_is_asked_once_and_kept(self) -> None:
        """By the next start, too."""
        slack = Slack(team=None)

        assert OK == slack.send(click())
        slack.now += 1
        assert OK == slack.send(click())
        assert ["auth.test"] == [method for method, _ in slack.web.calls]
        assert TEAM == slack.inbox.kept

    def test_of_a_new_token_is_noticed(self) -> None:
        """Slack is asked again before anybody is refused, at most once a minute."""
        slack = Slack(team=None)
        slack.inbox.kept = "T0OLD"

        assert OK == slack.send(click())
        for slack.now in (NOW + 1, NOW + 2, NOW + 62):
            assert REFUSED == slack.send(click(team={"id": "T0OTHER"}))
        assert 2 == len(slack.web.calls)

    def test_that_cannot_be_had_is_said(self) -> None:
        """The person may press again."""
        slack = Slack(team=None)
        slack.web.codes["auth.test"] = "unreachable"

        assert OK == slack.send(click())
        assert [TRY_AGAIN] == slack.web.told
        assert not slack.inbox.presses


class TestPresses:
    """The message that the worker gets."""

    @pytest.mark.parametrize("action", ["acknowledge", "ticket", "why"])
    def test_button_is_queued(self, action: str, slack: Slack) -> None:
        """With everything that the worker needs, also after it was JSON."""
        assert OK == slack.send(click(action))

        [press] = slack.inbox.presses
        assert press == Press.of_body(press.to_body())
        assert (action, REFERENCE, None, None) == (
            press.action,
            press.ref,
            press.picked,
            press.form,
        )
        assert Presser("U1JANE", "jane", TEAM) == press.user
        assert (TEAM, CHANNEL, "1772323200.000100", None, RESPONSE_URL, int(NOW)) == (
            press.team,
            press.channel,
            press.ts,
            press.thread_ts,
            press.response_url,
            press.at,
        )
        assert 40 == len(press.id)
        assert [] == slack.web.calls

    def test_choice_of_a_digest_is_queued(self, slack: Slack) -> None:
        """The block has the digest's reference, the option the finding."""
        reference = digest_reference("77d0", "#alerts")
        action = {
            "type": "static_select",
            "action_id": "pick",
            "block_id": f"finding_router:{reference}",
            "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": SUBJECT},
        }

        assert OK == slack.send(click(actions=[action]))
        [press] = slack.inbox.presses
        assert ("pick", reference, SUBJECT) == (press.action, press.ref, press.picked)

    @pytest.mark.parametrize(
        "payload",
        [
            click("open-console"),
            click(actions=[]),
            click(actions=[{"action_id": "acknowledge", "block_id": "of another app"}]),
            {"type": "view_closed", "team": {"id": TEAM}},
            b"ssl_check=1",
            b"payload=no+json",
            b"\xc3\xa9",
        ],
    )
    def test_anything_else_of_slack_is_acknowledged(
        self, payload: dict[str, Any] | bytes, slack: Slack
    ) -> None:
        """A button that is a link sends a press, too."""
        assert OK == slack.send(payload)
        assert not slack.inbox.presses
        assert not slack.web.told

    def test_outsider_is_told(self, slack: Slack) -> None:
        """Slack Connect lets people of other workspaces into a channel."""
        user = {"id": "U9", "name": "eve", "team_id": "T0OTHER"}

        assert OK == slack.send(click("resolve", user=user))
        assert OK == slack.send(click(user=user))
        assert [OUTSIDER, OUTSIDER] == slack.web.told
        assert [("resolve", OUTSIDE), ("acknowledge", OUTSIDE)] == slack.refused
        assert not slack.web.calls

    def test_outsider_chooses_nothing_from_a_digest(self, slack: Slack) -> None:
        """The choice is recorded as refused."""
        action = {
            "action_id": "pick",
            "block_id": f"finding_router:{digest_reference('77d0', '#alerts')}",
            "selected_option": {"value": SUBJECT},
        }
        slack.send(click(actions=[action], user={"id": "U9", "team_id": "T0OTHER"}))

        assert [OUTSIDER] == slack.web.told
        [press] = slack.inbox.presses
        assert ("pick", SUBJECT, OUTSIDE) == (press.action, press.picked, press.refused)

    def test_outsider_submits_nothing(self, slack: Slack) -> None:
        """Even where a form is open."""
        view = slack.open("resolve")
        answer = slack.send(
            submission(
                view,
                chosen(scope="finding", reason="x"),
                user={"id": "U9", "name": "eve", "team_id": "T0OTHER"},
            )
        )

        assert OUTSIDER in answer["body"]
        assert [("resolve", OUTSIDE)] == slack.refused
        assert slack.inbox.presses[0].form is None

    def test_reference_of_another_version_is_said(self, slack: Slack) -> None:
        """Or one that was cut."""
        action = {"action_id": "why", "block_id": "finding_router", "value": REFERENCE[:-3]}

        assert OK == slack.send(click(actions=[action]))
        assert [UNREADABLE] == slack.web.told
        assert [("why", UNKNOWN)] == slack.refused

    def test_moment_is_finer_than_slacks(self, slack: Slack) -> None:
        """Its signature has whole seconds."""
        slack.now = NOW + 0.25
        slack.send(click())

        [press] = slack.inbox.presses
        assert (int(NOW), NOW + 0.25) == (press.at, press.received_at)
        assert press == Press.of_body(press.to_body())

    def test_queue_that_is_down_is_said(self, slack: Slack) -> None:
        """Nothing is lost in silence."""
        slack.inbox.is_down = True

        assert OK == slack.send(click())
        assert [TRY_AGAIN] == slack.web.told

    def test_address_of_answers_is_slacks(self, slack: Slack) -> None:
        """Or it is not handed on."""
        url = "https://hooks.slack.com.example/actions"
        slack.send(click(response_url=url))

        assert "" == slack.inbox.presses[0].response_url
        assert slack.web.takes_answers("https://hooks.slack-gov.com/actions/1")
        for bad in (
            "http://hooks.slack.com/",
            "https://x@hooks.slack.com/",
            "https://slack.com/x",
            "",
            "https://[",
        ):
            assert not slack.web.takes_answers(bad)

    def test_defect_is_no_exception(self, slack: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
        """Slack gets its status, and shows its sign."""
        monkeypatch.setattr(slack.inbox, "put", lambda _: 1 // 0)

        assert 500 == slack.send(click())["statusCode"]


class TestForms:
    """The forms of resolve, suppress and snooze."""

    @pytest.mark.parametrize("action", ["resolve", "suppress", "snooze"])
    def test_opens_within_slacks_limits(self, action: str, slack: Slack) -> None:
        """Nothing is queued before it is submitted."""
        view = slack.open(action)

        assert not slack.inbox.presses
        assert action == view["callback_id"]
        assert checked_view(view)
        assert all(len(view[part]["text"]) <= TITLE_CHARS for part in ("title", "submit", "close"))
        assert len(view["private_metadata"]) <= METADATA_CHARS
        elements = [block["element"] for block in view["blocks"] if "element" in block]
        options = [option for each in elements for option in each.get("options", [])]
        assert all(len(each["text"]["text"]) <= 75 for each in options)
        assert all(len(each["value"]) <= 75 for each in options)
        assert 400 == next(each["max_length"] for each in elements if "max_length" in each)

    def test_shows_the_finding_as_plain_text(self, slack: Slack) -> None:
        """Its text may be hostile."""
        hostile = "<!channel> :boom: *x* <https://evil.example|ok>" * 20
        payload = click("resolve", message={"text": hostile})

        slack.send(payload)
        [(_, arguments)] = slack.web.calls
        shown = arguments["view"]["blocks"][0]["text"]
        assert ("plain_text", False) == (shown["type"], shown["emoji"])
        assert len(shown["text"]) <= 300

    @given(
        text=st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
        url=st.text(max_size=3200).map("https://hooks.slack.com/{}".format),
        action=st.sampled_from(["resolve", "suppress", "snooze"]),
    )
    def test_opens_whatever_the_message_says(self, text: str, url: str, action: str) -> None:
        """Slack takes the form, and it says where it was opened."""
        read = read_click(click(action, message={"text": text}, response_url=url))
        assert read is not None
        view = modal(read)

        assert checked_view(view)
        opened = read_place(view["private_metadata"])
        assert opened is not None
        assert (REFERENCE, CHANNEL) == (opened[0], opened[1].channel)

    def test_long_metadata_loses_the_address_first(self) -> None:
        """It is only for refusals."""
        read = read_click(click("resolve", response_url="https://slack.com/" + "x" * 3000))
        assert read is not None

        assert "" == json.loads(modal(read)["private_metadata"])["response_url"]

    def test_too_late_is_said(self, slack: Slack) -> None:
        """A trigger lives for three seconds."""
        slack.web.codes["views.open"] = "expired_trigger_id"
        assert OK == slack.send(click("snooze"))
        slack.now += 1
        slack.web.codes["views.open"] = "missing_scope"
        assert OK == slack.send(click("snooze"))

        assert TOO_LATE == slack.web.told[0]
        assert "missing_scope" in slack.web.told[1]

    def test_resolve_is_queued_with_reason_and_scope(self, slack: Slack) -> None:
        """At the place of the button."""
        view = slack.open("resolve")

        assert {} == slack.submit(view, scope="account", reason="  patched \n last night ")
        [press] = slack.inbox.presses
        assert {"scope": "account", "reason": "patched last night"} == press.form
        assert ("resolve", REFERENCE, CHANNEL, "1772323200.000100", RESPONSE_URL) == (
            press.action,
            press.ref,
            press.channel,
            press.ts,
            press.response_url,
        )
        assert press == Press.of_body(press.to_body())

    def test_suppress_is_queued_with_its_choice(self, slack: Slack) -> None:
        """Of what comes later."""
        view = slack.open("suppress")

        assert {} == slack.submit(view, scope="resource", always="silence", reason="a test host")
        assert {"scope": "resource", "always": "silence", "reason": "a test host"} == (
            slack.inbox.presses[0].form
        )

    @pytest.mark.parametrize(
        ("values", "block"),
        [
            ({"scope": "finding"}, "reason"),
            ({"scope": "finding", "reason": " \n "}, "reason"),
            ({"scope": "finding", "reason": "x" * 401}, "reason"),
            ({"scope": "world", "reason": "x"}, "scope"),
            ({"reason": "x"}, "scope"),
        ],
    )
    def test_wrong_form_stays(self, values: dict[str, str], block: str, slack: Slack) -> None:
        """With a sentence below the block that is wrong."""
        view = slack.open("resolve")

        assert {block} == set(slack.submit(view, **values))
        assert not slack.inbox.presses

    def test_lost_form_is_said(self, slack: Slack) -> None:
        """Or one that another version opened."""
        view = {**slack.open("resolve"), "private_metadata": "{}"}

        assert {"reason": LOST_FORM} == slack.submit(view, scope="finding", reason="x")
        assert [("resolve", UNKNOWN)] == slack.refused

    def test_form_stays_while_the_queue_is_down(self, slack: Slack) -> None:
        """The text that was written is not lost."""
        view = slack.open("resolve")
        slack.inbox.is_down = True

        assert {"reason": SUBMIT_AGAIN} == slack.submit(view, scope="finding", reason="x")

    @pytest.mark.parametrize(
        ("choice", "until"),
        [
            ("1h", datetime(2026, 3, 4, 14, 2, 1, tzinfo=UTC)),
            ("4h", datetime(2026, 3, 4, 17, 2, 1, tzinfo=UTC)),
            ("tomorrow", datetime(2026, 3, 5, 8, tzinfo=UTC)),
            ("monday", datetime(2026, 3, 9, 8, tzinfo=UTC)),
        ],
    )
    def test_snooze_ends_in_the_readers_zone(
        self, choice: str, until: datetime, slack: Slack
    ) -> None:
        """At nine, or after so many hours."""
        view = slack.open("snooze")

        assert {} == slack.submit(view, **{"for": choice, "scope": "finding", "reason": "later"})
        assert {
            "for": choice,
            "date": None,
            "until": int(until.timestamp()),
            "scope": "finding",
            "reason": "later",
        } == slack.inbox.presses[0].form
        asks = choice in {"tomorrow", "monday"}
        assert asks == (["users.info"] == [method for method, _ in slack.web.calls])

    def test_snooze_until_a_date_is_of_that_days_summer_time(self, slack: Slack) -> None:
        """Nine in Zurich is seven in UTC then."""
        view = slack.open("snooze")
        values = {"for": "date", "date": "2026-04-01", "scope": "resource", "reason": "later"}

        assert {} == slack.submit(view, **values)
        form = slack.inbox.presses[0].form
        assert form is not None
        assert "2026-04-01" == form["date"]
        assert datetime(2026, 4, 1, 7, tzinfo=UTC).timestamp() == form["until"]

    @pytest.mark.parametrize(
        ("values", "block"),
        [
            ({"for": "date"}, "date"),
            ({"for": "date", "date": "2026-03-04"}, "date"),
            ({"for": "date", "date": "2020-01-01"}, "date"),
            ({"for": "date", "date": "2027-04-01"}, "date"),
            ({"for": "date", "date": "soon"}, "date"),
            ({"for": "1h", "date": "2026-04-01"}, "date"),
            ({"date": "2026-04-01"}, "for"),
            ({"for": "1h", "scope": "account"}, "scope"),
        ],
    )
    def test_wrong_time_is_said(self, values: dict[str, str], block: str, slack: Slack) -> None:
        """With what would be right."""
        view = slack.open("snooze")

        errors = slack.submit(view, **{"scope": "finding", "reason": "x", **values})
        assert {block} == set(errors)

    def test_monday_is_the_next_one(self, slack: Slack) -> None:
        """On a Monday, too."""
        slack.now = datetime(2026, 3, 9, 3, tzinfo=UTC).timestamp()
        view = slack.open("snooze")

        slack.submit(view, **{"for": "monday", "scope": "finding", "reason": "x"})
        form = slack.inbox.presses[0].form
        assert form is not None
        assert datetime(2026, 3, 16, 8, tzinfo=UTC).timestamp() == form["until"]

    def test_zone_that_slack_does_not_tell_is_utc(self, slack: Slack) -> None:
        """Without the scope users:read, for one."""
        slack.web.codes["users.info"] = "missing_scope"
        view = slack.open("snooze")

        slack.submit(view, **{"for": "tomorrow", "scope": "finding", "reason": "x"})
        form = slack.inbox.presses[0].form
        assert form is not None
        assert datetime(2026, 3, 5, 9, tzinfo=UTC).timestamp() == form["until"]


@pytest.mark.parametrize(
    ("user", "offset"),
    [
        ({"tz": "Asia/Tokyo", "tz_offset": 0}, timedelta(hours=9)),
        ({"tz": "Mars/Olympus", "tz_offset": 3600}, timedelta(hours=1)),
        ({"tz": "../etc/passwd", "tz_offset": 3600}, timedelta(hours=1)),
        ({"tz": None}, timedelta()),
        ({"tz_offset": 10**9}, timedelta()),
        (None, timedelta()),
    ],
)
def test_zone_is_slacks(user: object, offset: timedelta) -> None:
    """By its name, else by its offset."""
    assert offset == zone_of(user).utcoffset(datetime(2026, 3, 4, tzinfo=UTC).replace(tzinfo=None))
    assert isinstance(zone_of({"tz_offset": 60}), timezone)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
PATHS = st.sampled_from(["actions", "user", "team", "container", "view", "message", "type"])


@given(
    payload=JSON
    | st.builds(
        lambda base, change: {**base, **change},
        st.sampled_from(
            [click(), click("resolve"), submission({"callback_id": "snooze"}, {})],
        ),
        st.dictionaries(PATHS, JSON, min_size=1),
    )
)
def test_signed_payload_of_any_shape_is_answered(payload: Any) -> None:
    """By one of Slack's statuses, never by a defect."""
    answer = Slack().send(payload)

    assert answer["statusCode"] in {200, 401}


@given(body=JSON.map(json.dumps) | st.text() | st.none())
def test_only_the_endpoints_messages_are_presses(body: object) -> None:
    """Whatever else is in the queue is None, and no exception."""
    assert Press.of_body(body) is None


def test_press_of_a_newer_version_is_none() -> None:
    """The worker says so."""
    one = Slack()
    one.send(click())
    body = json.loads(one.inbox.presses[0].to_body())

    assert Press.of_body(json.dumps(body)) is not None
    for change in ({"v": 2}, {"kind": "check"}, {"picked": 1}, {"form": []}, {"user": {}}):
        assert Press.of_body(json.dumps({**body, **change})) is None
