"""
The entry of the function that Slack calls when somebody presses a button.

Slack waits three seconds. What cannot wait, the forms, is done here; all else goes to the worker by
a queue. Whoever else calls gets 401 without a word, and leaves no trace but a debug line.
"""

import gc
import json
import time
from collections.abc import Callable, Mapping
from copy import replace
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache, partial
from http import HTTPStatus
from typing import Any, Final

from finding_router.settings import EndpointSettings, is_in_lambda

if is_in_lambda():
    # As in the router: imported modules stay.
    gc.disable()

from finding_router.actions.inbox import Inbox
from finding_router.actions.modals import MODALS, FormError, modal, read_form, read_place
from finding_router.actions.payload import (
    Click,
    Origin,
    Place,
    Submission,
    origin_of,
    read_click,
    read_payload,
    read_submission,
)
from finding_router.actions.press import Press, Presser
from finding_router.actions.secret import SigningSecret
from finding_router.actions.signature import Request, read_request
from finding_router.actions.web import SlackCallError, Web
from finding_router.actions.workspace import Workspace, is_outsider
from finding_router.aws.token import fetch_token, read_secret
from finding_router.errors import RouterError
from finding_router.isolation import isolated
from finding_router.slack.kit.buttons import LABELS, PICK
from finding_router.slack.kit.reference import read_reference
from finding_router.telemetry import logger

ACTIONS: Final = frozenset({*LABELS, PICK})
OUTSIDER: Final = (
    "Only members of the workspace that this app is installed to can use these buttons."
)
UNREADABLE: Final = (
    "These buttons cannot be read, by this version or because Slack cut them; "
    "those of a newer message of the finding can."
)
SUBMIT_AGAIN: Final = "That did not arrive; please submit it again."
TRY_AGAIN: Final = "That did not arrive; please press again."
TOO_LATE: Final = "The form could not be opened in time; please press again."
LOST_FORM: Final = "This form is no longer known; close it, and press the button again."
# Why the endpoint refused a press, as the audit trail has it.
OUTSIDE: Final = "outside the workspace"
UNKNOWN: Final = "reference unknown"
# Slack's codes for a form that came later than its three seconds, or twice.
_LATE_CODES: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "unreachable"})
_NO_PLACE: Final = Place(channel="", ts="", thread_ts=None, response_url="")


class Endpoint:
    """Turns a request into a form, a message in the queue, a sentence, or nothing."""

    def __init__(
        self,
        *,
        secret: SigningSecret,
        workspace: Workspace,
        inbox: Inbox,
        web: Web,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Use these collaborators; nothing is called yet."""
        self._secret = secret
        self._workspace = workspace
        self._inbox = inbox
        self._web = web
        self._clock = clock

    def answer(self, event: object) -> dict[str, Any]:
        """Return the response to *event*, whatever it is."""
        request = read_request(event, self._clock())
        if request is None or not self._secret.has_signed(request):
            return _refusal()
        with isolated("press not taken"):
            return self._taken(request)
        return _response(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _taken(self, request: Request) -> dict[str, Any]:
        payload = read_payload(request.body)
        if payload is None:
            return _response()
        origin = origin_of(payload)
        try:
            if not self._workspace.is_ours(origin) or not self._inbox.is_new(request.id):
                return _refusal()
            if (submission := read_submission(payload)) is not None:
                return self._submitted(request, submission, origin)
            if (click := read_click(payload)) is not None:
                self._clicked(request, click, origin)
        except RouterError as error:
            logger.warning("press not taken", reason=str(error))
            return self._failed(payload)
        return _response()

    def _failed(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a press that did not arrive, and say so to who pressed."""
        if read_submission(payload) is not None:
            # The form stays, with what was written into it.
            return _errors({"reason": SUBMIT_AGAIN})
        if (click := read_click(payload)) is not None:
            self._web.tell(click.place.response_url, TRY_AGAIN)
        return _response()

    def _clicked(self, request: Request, click: Click, origin: Origin) -> None:
        if click.action not in ACTIONS:
            return
        tell = partial(self._web.tell, click.place.response_url)
        press = replace(
            self._press(request, click.user, origin, click.place),
            action=click.action,
            ref=click.ref,
            picked=click.picked,
        )
        if is_outsider(click.user, origin):
            self._inbox.put(replace(press, refused=OUTSIDE))
            tell(OUTSIDER)
        elif read_reference(click.ref) is None:
            self._inbox.put(replace(press, refused=UNKNOWN))
            tell(UNREADABLE)
        elif click.action in MODALS:
            self._open(click, tell)
        else:
            self._inbox.put(press)

    def _open(self, click: Click, tell: Callable[[str], None]) -> None:
        place = replace(click.place, response_url=self._checked(click.place.response_url))
        view = modal(replace(click, place=place))
        try:
            self._web.call("views.open", {"trigger_id": click.trigger_id, "view": view})
        except SlackCallError as error:
            logger.warning("form not opened", action=click.action, code=error.code)
            tell(
                TOO_LATE
                if error.code in _LATE_CODES
                else f"Slack did not open the form ({error.code}); the app's admins can tell why."
            )
        except RouterError as error:
            logger.warning("form not opened", action=click.action, reason=str(error))
            tell("The form could not be opened, since the app's token cannot be read.")

    def _submitted(
        self, request: Request, submission: Submission, origin: Origin
    ) -> dict[str, Any]:
        if submission.action not in MODALS:
            return _response()
        ref, place = read_place(submission.metadata) or ("", _NO_PLACE)
        press = replace(
            self._press(request, submission.user, origin, place), action=submission.action, ref=ref
        )
        if is_outsider(submission.user, origin):
            self._inbox.put(replace(press, refused=OUTSIDE))
            return _errors({"reason": OUTSIDER})
        if read_reference(ref) is None:
            self._inbox.put(replace(press, refused=UNKNOWN))
            return _errors({"reason": LOST_FORM})
        try:
            form = read_form(
                submission, now=self._clock(), zone=partial(self._zone, submission.user)
            )
        except FormError as error:
            return _errors(error.sentences)
        self._inbox.put(replace(press, form=form))
        return _response()

    def _press(self, request: Request, user: Presser, origin: Origin, place: Place) -> Press:
        return Press(
            id=request.id,
            action="",
            ref="",
            user=user,
            team=origin.team,
            channel=place.channel,
            ts=place.ts,
            thread_ts=place.thread_ts,
            response_url=self._checked(place.response_url),
            at=request.at,
            received_at=round(self._clock(), 6),
        )

    def _checked(self, response_url: str) -> str:
        return response_url if self._web.takes_answers(response_url) else ""

    def _zone(self, user: Presser) -> tzinfo:
        """Return the time zone of *user* in Slack, or UTC where Slack does not tell it."""
        try:
            told = self._web.call("users.info", {"user": user.id})
        except RouterError as error:
            logger.warning("time zone not known", reason=str(error))
            return UTC
        return zone_of(told.get("user"))


def zone_of(user: object) -> tzinfo:
    """Return the zone of a *user* of users.info; UTC where there is none."""
    match user:
        case {"tz": str(name)} if name:
            # Imported late: few presses are about a time of the day.
            from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 -- see above

            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                pass
    match user:
        case {"tz_offset": int(seconds)} if abs(seconds) < 86_400:  # noqa: PLR2004 -- a day
            return timezone(timedelta(seconds=seconds))
    return UTC


def _response(status: HTTPStatus = HTTPStatus.OK) -> dict[str, Any]:
    return {"statusCode": status.value, "body": ""}


def _refusal() -> dict[str, Any]:
    logger.debug("request refused")
    return _response(HTTPStatus.UNAUTHORIZED)


def _errors(sentences: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer to a form that stays open, with a sentence below each of these blocks."""
    content = {"response_action": "errors", "errors": dict(sentences)}
    return {
        "statusCode": HTTPStatus.OK.value,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content),
    }


@cache
def _endpoint() -> Endpoint:
    settings = EndpointSettings.from_environment()

    def token(fresh: bool) -> str:  # noqa: FBT001 -- called back by position
        return fetch_token(settings.slack_token_arn, fresh=fresh)

    inbox = Inbox(table=settings.ledger_table, queue_url=settings.actions_queue_url)
    web = Web(token=token, base_url=settings.slack_api_url)
    workspace = Workspace(inbox, web, app=settings.slack_app_id, team=settings.slack_team_id)
    secret = SigningSecret(partial(read_secret, settings.slack_signing_secret_arn))
    if is_in_lambda():
        secret.refresh()
    return Endpoint(secret=secret, workspace=workspace, inbox=inbox, web=web)


if is_in_lambda():
    # Before the first request, while Lambda has more processors than the function pays for.
    _endpoint()


@logger.inject_lambda_context
def lambda_handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001 -- Lambda's
    """Answer a request of a function URL or of an HTTP API (payload format 2.0)."""
    try:
        return _endpoint().answer(event)
    finally:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
