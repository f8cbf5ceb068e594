"""All checks, at the same time."""

import threading
from collections.abc import Callable, Iterable
from typing import Final

import click

from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router.errors import StoreError
from finding_router.isolation import contained
from finding_router_cli.health import buttons, hub, needs, slack, wiring
from finding_router_cli.health.result import Result, unsure
from finding_router_cli.health.site import Site

type Check = Callable[[], Iterable[Result]]

CHECKS: Final = 14
_FORBIDDEN: Final = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError")


def check_all(site: Site, progress: Callable[[int], None]) -> list[Result]:
    """Return the results of all checks; *progress* counts those that are done."""
    needed = needs.Needs()
    first: dict[str, Check] = {
        "identity": lambda: hub.check_identity(site),
        "Security Hub": lambda: hub.check_hub(site),
        "rule": lambda: wiring.check_rule(site),
        "event sources": lambda: wiring.check_sources(site),
        "wake-ups": lambda: wiring.check_schedule(site),
        "queues": lambda: wiring.check_queues(site),
        "alarms": lambda: wiring.check_alarms(site),
        "version": lambda: wiring.check_version(site),
        "routes": lambda: needs.check_routes(site, needed),
        "Slack token": lambda: slack.check_token(site),
        "buttons": lambda: buttons.check_buttons(site),
    }
    then: dict[str, Check] = {
        "channels": lambda: slack.check_channels(site, needed),
        "cards": lambda: slack.check_cards(site),
        "who presses": lambda: buttons.check_scopes(site),
    }
    results: list[Result] = []
    for stage in (first, then):
        running = [_Running(name, check, site) for name, check in stage.items()]
        for each in running:
            results += each.results()
            progress(1)
    return results


class _Running:
    """A check in a thread of its own, for which nothing waits when the time is up."""

    def __init__(self, name: str, check: Check, site: Site) -> None:
        self._name = name
        self._check = check
        self._site = site
        self._results: list[Result] | None = None
        # The process ends without the threads that hang in a call.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def results(self) -> list[Result]:
        """Wait for the results, and return them, or that there are none in time."""
        self._thread.join(max(self._site.remaining(), 0.1))
        if self._results is None:
            return [unsure(self._name, "no answer in time", "try again; check the network")]
        return self._results

    def _run(self) -> None:
        self._results = results_of(self._name, self._check, self._site)


def results_of(name: str, check: Check, site: Site) -> list[Result]:
    """Return the results of *check*, with one more if an error ended it."""
    results: list[Result] = []
    with contained() as trouble:
        try:
            results.extend(check())
        except (StoreError, *AWS_ERRORS) as error:
            results.append(_not_answered(name, error, site))
        except click.ClickException as error:
            results.append(unsure(name, error.message))
    if trouble.error is not None:
        results.append(
            unsure(name, f"not checked: {type(trouble.error).__name__}: {trouble.error}")
        )
    return results


def cause_of(error: Exception) -> Exception:
    """Return the error of AWS behind a StoreError, and any other *error* itself."""
    cause = error.__cause__ if isinstance(error, StoreError) else None
    return cause if isinstance(cause, Exception) else error


def _not_answered(name: str, error: Exception, site: Site) -> Result:
    cause = cause_of(error)
    code = error_code(cause)
    operation = getattr(cause, "operation_name", "")
    if code.startswith(_FORBIDDEN):
        return unsure(
            name,
            f"your credentials may not ask ({operation or code})",
            f"allow {operation or 'it'} to them",
        )
    try:
        with site.stack.account.in_sentences():
            raise error
    except click.ClickException as sentence:
        return unsure(name, sentence.message)
