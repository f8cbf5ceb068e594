"""Checks of the buttons: Slack can reach their address, and the app may ask who pressed."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import urllib3

from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site
from finding_router_cli.manifest import OUTPUT, SWITCH

_BUTTONS: Final = "buttons"
_PEOPLE: Final = "who presses"
_SECONDS: Final = 5.0
# Without these every press is refused: a guest could not be told from a member.
_NEEDED: Final = ("users:read", "channels:read", "groups:read")


def check_buttons(site: Site) -> Iterator[Result]:
    """Check that the address answers, and to nobody but Slack; nothing without buttons."""
    if not site.parameters.get(SWITCH) or not site.stack.name:
        return
    url = site.stack.account.outputs(site.stack.name).get(OUTPUT)
    if not url:
        yield bad(_BUTTONS, f"the stack has no output {OUTPUT}", "deploy the template again")
        return
    yield _answer_of(url)


def check_scopes(site: Site) -> Iterator[Result]:
    """Check the scopes that tell who presses; nothing without buttons."""
    if not site.parameters.get(SWITCH) or site.slack is None or site.slack.scopes is None:
        return
    missing = [each for each in _NEEDED if each not in site.slack.scopes]
    if missing:
        yield bad(
            _PEOPLE,
            f"without {', '.join(missing)} every press is refused",
            f"paste the output of finding-router manifest{site.options} into the app's manifest, "
            "and install it to the workspace again",
            missing=missing,
        )
    else:
        yield good(_PEOPLE, ", ".join(_NEEDED))


def _answer_of(url: str) -> Result:
    """Return the result of a request without a signature, whose answer is to be 401."""
    try:
        answer = urllib3.request("POST", url, timeout=_SECONDS, retries=False, redirect=False)
    except urllib3.exceptions.HTTPError as error:
        return unsure(
            _BUTTONS,
            f"{url} does not answer this machine ({type(error).__name__})",
            "check the network; Slack may reach it",
        )
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return good(_BUTTONS, f"{url} answers, and refuses what Slack did not sign", url=url)
    if answer.status == HTTPStatus.FORBIDDEN:
        return bad(
            _BUTTONS,
            f"{url} is forbidden: a policy of your organisation may forbid public function URLs",
            "deploy with ActionsEndpoint=http-api, and print the manifest again",
            status=answer.status,
        )
    return bad(
        _BUTTONS,
        f"{url} answers {answer.status} to a request without a signature, not 401",
        "look into the log of the function ActionsFunction",
        status=answer.status,
    )
