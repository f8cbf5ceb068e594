"""Checks of Slack: the token, its scopes, and every channel that is needed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from finding_router.counts import counted
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.deliveries import Record
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.posting.layout import Card
from finding_router.errors import ConfigurationError
from finding_router.slack.messages.card import CardContext
from finding_router_cli.documents import read_text
from finding_router_cli.health.needs import DAYS, Needs
from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site
from finding_router_cli.health.slack_calls import SlackCalls, SlackRefusalError
from finding_router_cli.inputs import read_events
from finding_router_local import TEMPLATE

_TOKEN: Final = "Slack token"  # noqa: S105 -- the name of a check
_SCOPES: Final = "scopes"
_CHANNELS: Final = "channels"
_CARDS: Final = "cards"
# Its name in slack-app-manifest.yaml.
_APP: Final = "Security Hub"
_POST: Final = "chat:write"
_POST_ANYWHERE: Final = "chat:write.public"
_READ: Final = "channels:read"
_READ_PRIVATE: Final = "groups:read"
_SCOPE_CURE: Final = (
    "add {} to the app (slack-app-manifest.yaml) and install it to the workspace again"
)
_NAMED: Final = 12
_WHOSE: Final = 3
_MOST_CARDS: Final = 12
_UNCHECKED: Final = frozenset({"unknown_method", "ratelimited", "method_deprecated"})


def check_token(site: Site) -> Iterator[Result]:
    """Check that the token can be read, that Slack takes it, and its scopes."""
    arn = site.parameters.get("SlackTokenArn")
    if not arn:
        yield unsure(_TOKEN, "where it is kept is not known", "name the stack with --stack NAME")
        return
    try:
        token = read_token(site, arn)
    except ConfigurationError as error:
        yield bad(_TOKEN, str(error), f"put the bot token (xoxb-…) into {arn}")
        return
    slack = SlackCalls(token, site.slack_api_url)
    try:
        said = slack.call("auth.test")
    except SlackRefusalError as error:
        if not error.is_answered:
            yield unsure(
                _TOKEN,
                f"Slack does not answer this machine ({error.code})",
                "check the network and the parameter SlackApiUrl; the function may reach it",
            )
            return
        yield bad(
            _TOKEN,
            f"Slack does not take it: {error.code}",
            f"install the app again, and put its bot token into {arn}; it is read again by itself",
            code=error.code,
        )
        return
    site.slack = slack
    yield good(_TOKEN, f"{said.get('user')} in {said.get('team')}", team=said.get("team"))
    yield _scopes(slack)


def read_token(site: Site, arn: str) -> str:
    """
    Return the token that is kept under *arn*.

    Raises:
        ConfigurationError: No token is there.

    """
    from finding_router.aws.token import token_in  # noqa: PLC0415 -- loads botocore

    if ":secretsmanager:" in arn:
        value = site.client("secretsmanager").get_secret_value(SecretId=arn).get("SecretString", "")
    else:
        answer = site.client("ssm").get_parameter(Name=arn, WithDecryption=True)
        value = answer["Parameter"]["Value"]
    return token_in(arn, str(value))


def _scopes(slack: SlackCalls) -> Result:
    scopes = slack.scopes
    if scopes is None:
        return unsure(_SCOPES, "Slack does not tell them")
    told = sorted(scopes)
    if _POST not in scopes:
        return bad(
            _SCOPES,
            f"{_POST} is missing: nothing can be posted",
            _SCOPE_CURE.format(_POST),
            scopes=told,
        )
    if _POST_ANYWHERE not in scopes:
        return unsure(
            _SCOPES,
            f"without {_POST_ANYWHERE} the app posts only into channels that it was invited to",
            f"invite it to each, or {_SCOPE_CURE.format(_POST_ANYWHERE)}",
            scopes=told,
        )
    return good(_SCOPES, ", ".join(told), scopes=told)


def check_channels(site: Site, needs: Needs) -> Iterator[Result]:
    """Check that every channel in *needs* is there, and takes the app's messages."""
    slack, wanted = site.slack, needs.channels
    if slack is None:
        yield unsure(
            _CHANNELS, "not looked at without a token that Slack takes", needed=sorted(wanted)
        )
        return
    scopes = slack.scopes or frozenset()
    types = [
        name
        for name, scope in (("public_channel", _READ), ("private_channel", _READ_PRIVATE))
        if scope in scopes
    ]
    if _READ not in scopes:
        yield unsure(
            _CHANNELS,
            f"the token has no {_READ}, so that nobody can look whether {_names(wanted)} are there",
            _SCOPE_CURE.format(_READ),
            needed=sorted(wanted),
        )
        return
    known: dict[str, Mapping[str, Any]] = {}
    try:
        for each in slack.channels(",".join(types)):
            known[each["id"]] = known[f"#{each['name']}"] = each
    except SlackRefusalError as error:
        yield unsure(
            _CHANNELS,
            f"Slack does not list them: {error.code}",
            "try again in a minute",
            needed=sorted(wanted),
        )
        return
    yield from _judged(site, needs, known, may_post_anywhere=_POST_ANYWHERE in scopes)


def _judged(
    site: Site, needs: Needs, known: Mapping[str, Mapping[str, Any]], *, may_post_anywhere: bool
) -> Iterator[Result]:
    wanted = needs.channels
    missing = sorted(each for each in wanted if each not in known)
    archived = sorted(each for each in wanted if known.get(each, {}).get("is_archived"))
    closed = sorted(
        each
        for each in wanted
        if each in known
        and each not in archived
        and not known[each].get("is_member")
        and (not may_post_anywhere or known[each].get("is_private"))
    )
    looked = f"{counted(len(wanted), 'channel')} that routes and settings name"
    if needs.findings:
        part = "" if needs.is_complete else "newest "
        looked += f", or fill from the {part}{counted(needs.findings, 'finding')} of {DAYS} days"
    if missing and site.stack.creates_channels:
        yield unsure(
            _CHANNELS,
            f"{looked}: {len(missing)} not there yet; the local Slack makes them when needed",
            missing=missing,
        )
    elif missing:
        whose = sorted({why for each in missing for why in wanted[each]})
        yield bad(
            "missing channels",
            f"{len(missing)} of {looked} are not there, or private without the app: "
            f"{_names(missing)}; named by {', '.join(whose[:_WHOSE])}",
            f"create in Slack: {' '.join(missing)}",
            missing=missing,
        )
    if archived:
        yield bad(
            "archived channels",
            _names(archived),
            f"unarchive in Slack: {' '.join(archived)}, or change the routes",
            archived=archived,
        )
    if closed:
        yield bad(
            "closed channels",
            f"the app was not invited to {_names(closed)}",
            f"in each of {' '.join(closed)}: /invite @{_APP}",
            closed=closed,
        )
    if not (missing or archived or closed):
        yield good(_CHANNELS, f"{looked}: all there", channels=sorted(wanted))


def check_cards(site: Site) -> Iterator[Result]:
    """Check that Slack would take the cards of the project's sample events."""
    slack = site.slack or SlackCalls("", site.slack_api_url)
    refused: list[str] = []
    looked = 0
    for name, message in _sample_cards():
        if site.remaining() < 1.0:
            break
        try:
            slack.call("blocks.validate", message=json.dumps(message))
        except SlackRefusalError as error:
            if not error.code.startswith("invalid_") or error.code == "invalid_arguments":
                known = error.code in _UNCHECKED
                words = f"skipped: blocks.validate answers {error.code}"
                yield unsure(_CARDS, words, "" if known else "try again later")
                return
            [first, *_] = error.answer.get("errors") or [{}]
            refused.append(f"{name}: {first.get('pointer', '')} {first.get('message', error.code)}")
        looked += 1
    if refused:
        yield bad(
            _CARDS,
            f"Slack refuses {len(refused)} of {looked}; first: {refused[0]}",
            "report it; such a card is posted as plain text",
            refused=refused,
        )
    elif looked:
        yield good(_CARDS, f"Slack takes {looked} sample cards", looked=looked)
    else:
        yield unsure(
            _CARDS, "skipped: the sample events are not installed; run it in the project's folder"
        )


def _sample_cards() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a card for each product of the sample events, with its name."""
    products: set[str] = set()
    for path in sorted((TEMPLATE.parent / "events").glob("imported-*.json")):
        for event in read_events(read_text(str(path)), str(path)):
            for job in read_jobs(Record(body=event)):
                if job.finding is None or job.finding.product in products:
                    continue
                products.add(job.finding.product)
                card = Card(raw=job.raw, finding=job.finding, problem="", context=CardContext())
                alert = Alert(key=AlertKey(job.subject, "#sample")).merged([job.facts])
                yield job.finding.product, card.full(alert, None).arguments()
                if len(products) == _MOST_CARDS:
                    return


def _names(channels: Iterable[str]) -> str:
    several = sorted(channels)
    more = f" and {len(several) - _NAMED} more" if len(several) > _NAMED else ""
    return ", ".join(several[:_NAMED]) + more
