"""All checks, at the same time."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

import click

from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router.errors import StoreError
from finding_router.isolation import contained
from finding_router_cli.health import hub, needs, slack, wiring
from finding_router_cli.health.result import Result, unsure
from finding_router_cli.health.site import Site

type Check = Callable[[], Iterable[Result]]

_MOST_SECONDS: Final = 14.0
_FORBIDDEN: Final = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError")


def check_all(site: Site, progress: Callable[[int], None]) -> list[Result]:
    """Return the results of all checks; *progress* counts those that are done."""
    needed = needs.Needs()
    first: dict[str, Check] = {
        "identity": lambda: hub.check_identity(site),
        "Security Hub": lambda: hub.check_hub(site),
        "rule": lambda: wiring.check_rule(site),
        "event sources": lambda: wiring.check_sources(site),
        "queues": lambda: wiring.check_queues(site),
        "alarms": lambda: wiring.check_alarms(site),
        "version": lambda: wiring.check_version(site),
        "routes": lambda: needs.check_routes(site, needed),
        "Slack token": lambda: slack.check_token(site),
    }
    then: dict[str, Check] = {
        "channels": lambda: slack.check_channels(site, needed),
        "cards": lambda: slack.check_cards(site),
    }
    results: list[Result] = []
    pool = ThreadPoolExecutor(len(first))
    for stage in (first, then):
        futures = {
            name: pool.submit(results_of, name, check, site) for name, check in stage.items()
        }
        for future in futures.values():
            future.add_done_callback(lambda _: progress(1))
        wait(futures.values(), max(site.remaining(), 0.1))
        for name, future in futures.items():
            results += _results(name, future)
    pool.shutdown(wait=False, cancel_futures=True)
    return results


CHECKS: Final = 11


def _results(name: str, future: Future[list[Result]]) -> list[Result]:
    if future.done():
        return future.result()
    return [unsure(name, "no answer in time", "try again; check the network")]


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


def _not_answered(name: str, error: Exception, site: Site) -> Result:
    cause = error.__cause__ if isinstance(error, StoreError) and error.__cause__ else error
    code = error_code(cause if isinstance(cause, Exception) else error)
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
