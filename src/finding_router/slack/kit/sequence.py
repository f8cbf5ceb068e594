"""An attack sequence or an exposure: ASFF's Detection.Sequence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from finding_router.counts import counted
from finding_router.findings.finding import Finding, Resource
from finding_router.findings.products import service_of
from finding_router.findings.reading import items_at, number_at, text_at, texts_at, value_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.activity import place
from finding_router.slack.kit.detail import (
    Detail,
    Fact,
    exact,
    facts,
    joined,
    said,
    several,
)
from finding_router.slack.kit.durations import duration_words
from finding_router.slack.kit.resources import short_name
from finding_router.slack.kit.text import Mrkdwn, listed, words

type Signal = Mapping[str, Any]

_TACTIC: Final = "ATTACK_TACTIC"
_TECHNIQUE: Final = "ATTACK_TECHNIQUE"
_ACRONYMS: Final = {"api": "API", "asn": "ASN", "ip": "IP", "tor": "Tor"}
_MOST_ENDPOINTS: Final = 4
_MOST_SIGNALS: Final = 7
_MOST_VALUES: Final = 4
_MOST_INDICATORS: Final = 8
_VALUES_CHARS: Final = 150
_NAME_CHARS: Final = 60
_TITLE_CHARS: Final = 120


def sequence_detail(finding: Finding) -> Detail | None:
    """
    Return the signals oldest first, the actors, their addresses, tactics and indicators.

    Return None if *finding* is no attack sequence.
    """
    sequence = value_at(finding.raw, "Detection", "Sequence")
    if not isinstance(sequence, Mapping) or not sequence:
        return None
    found = sorted(items_at(sequence, "Signals"), key=_start)
    indicators = items_at(sequence, "SequenceIndicators")
    noun = "finding" if is_exposure(finding) else "signal"
    # The titles that OCSF has for signals are sentences, which need lines of their own.
    are_sentences = any(" " in (text_at(each, "Name") or "") for each in found)
    return Detail(
        occurrence=Mrkdwn(f"{counted(len(found), noun)}{_within(found)}") if found else None,
        facts=(
            *facts(
                (
                    f"{noun.capitalize()}s",
                    _listed(found, finding) if are_sentences else _signals(found),
                )
            ),
            *_actors(finding, sequence),
            *_endpoints(sequence),
            *facts(
                ("Tactics", several(*_values(indicators, _TACTIC))),
                ("Techniques", several(*_values(indicators, _TECHNIQUE))),
                ("Indicators", _indicators(indicators)),
                ("Traits", several(*_traits(found))),
            ),
        ),
    )


def is_exposure(finding: Finding) -> bool:
    """Return True if *finding* is what others add up to: a risk, not an event."""
    return any(kind.startswith("Exposure") for kind in finding.types) or (
        finding.product.startswith("Security Hub Exposure")
    )


def signal_count(finding: Finding) -> int:
    """Return the number of signals."""
    return len(items_at(finding.raw, "Detection", "Sequence", "Signals"))


def actor_name(finding: Finding) -> str | None:
    """Return the name of the first actor."""
    actors = items_at(finding.raw, "Detection", "Sequence", "Actors")
    return next(filter(None, (text_at(actor, "User", "Name") for actor in actors)), None)


def actor_key(finding: Finding) -> str | None:
    """Return the id of the first actor's access key."""
    actors = items_at(finding.raw, "Detection", "Sequence", "Actors")
    return next(filter(None, (text_at(actor, "User", "CredentialUid") for actor in actors)), None)


def _start(signal: Signal) -> float:
    moments = (_moment(signal, name) for name in ("FirstSeenAt", "CreatedAt", "LastSeenAt"))
    return next((moment for moment in moments if moment is not None), float("inf"))


def _moment(signal: Signal, name: str) -> float | None:
    moment = parse_timestamp(text_at(signal, name))
    return moment.timestamp() if moment else None


def _within(signals: Sequence[Signal]) -> str:
    names = ("FirstSeenAt", "LastSeenAt")
    found = [_moment(signal, name) for signal in signals for name in names]
    moments = [moment for moment in found if moment is not None]
    return f" in {duration_words(max(moments) - min(moments))}" if moments else ""


def _signals(signals: Sequence[Signal]) -> Mrkdwn | None:
    """Return the signals, oldest first: "iam:CreateUser → s3:GetObject 1,200×"."""
    shown = [each for each in map(_signal, signals) if each]
    rest = len(shown) - _MOST_SIGNALS
    more = Mrkdwn(f"{rest} more") if rest > 0 else None
    return joined(" → ", *shown[:_MOST_SIGNALS], more)


def _listed(signals: Sequence[Signal], finding: Finding) -> Mrkdwn | None:
    """Return the signals in a line each, which stand before all other facts: Slack folds those."""
    shown = [each for each in (_told(signal, finding) for signal in signals) if each]
    rest = len(shown) - _MOST_SIGNALS
    more = [Mrkdwn(f"+ {rest} more")] if rest > 0 else []
    lines = "".join(f"\n• {each}" for each in (*shown[:_MOST_SIGNALS], *more))
    behind = "behind it" if is_exposure(finding) else ""
    order = "oldest first" if signals and _start(signals[0]) < float("inf") else ""
    return Mrkdwn(f"{', '.join(filter(None, (behind, order))) or 'in turn'}:{lines}")


def _told(signal: Signal, finding: Finding) -> Mrkdwn | None:
    """Return a signal in a line: its title, and its resources and its product if those differ."""
    title = words(text_at(signal, "Name") or "", _TITLE_CHARS)
    own = short_name(finding.resources[0]) if finding.resources else None
    names = (short_name(Resource(id=each)) for each in texts_at(signal, "ResourceIds"))
    about = several(*(name for name in names if name != own))
    product = service_of(text_at(signal, "ProductArn") or "")
    count = number_at(signal, "Count")
    return joined(
        " · ",
        joined(" ", title or None, Mrkdwn(f"{count:,.0f}×") if count and count > 1 else None),
        about,
        said(product) if product != finding.service else None,
    )


def _traits(signals: Sequence[Signal]) -> Iterator[str]:
    for signal in signals:
        yield from texts_at(signal, "Traits")


def _signal(signal: Signal) -> Mrkdwn | None:
    count = number_at(signal, "Count")
    name = exact(text_at(signal, "Name") or text_at(signal, "Title"))
    return joined(" ", name, Mrkdwn(f"{count:,.0f}×") if count and count > 1 else None)


def _actors(finding: Finding, sequence: Mapping[str, Any]) -> tuple[Fact, ...]:
    shown = []
    for actor in items_at(sequence, "Actors"):
        kind = said(text_at(actor, "User", "Type"))
        name = said(text_at(actor, "User", "Name") or text_at(actor, "User", "Uid"))
        key = exact(text_at(actor, "User", "CredentialUid"))
        account = text_at(actor, "User", "Account", "Uid")
        elsewhere = said(account) if account != finding.account_id else None
        has_no_mfa = text_at(actor, "Session", "MfaStatus") == "DISABLED"
        shown.append(
            joined(
                " · ",
                Mrkdwn(f"{name} ({kind})") if name and kind else name,
                Mrkdwn(f"key {key}") if key else None,
                Mrkdwn(f"account {elsewhere}") if elsewhere else None,
                Mrkdwn("session without MFA") if has_no_mfa else None,
            )
        )
    return facts(*(("Actor", each) for each in dict.fromkeys(shown[:_MOST_ENDPOINTS])))


def _endpoints(sequence: Mapping[str, Any]) -> tuple[Fact, ...]:
    shown = []
    for endpoint in items_at(sequence, "Endpoints"):
        port = said(text_at(endpoint, "Port"))
        host = exact(text_at(endpoint, "Ip") or text_at(endpoint, "Domain"))
        where = place(
            text_at(endpoint, "Location", "City"),
            text_at(endpoint, "Location", "Country"),
            text_at(endpoint, "AutonomousSystem", "Name"),
            text_at(endpoint, "AutonomousSystem", "Number"),
        )
        named = joined(" ", host, Mrkdwn(f"port {port}") if port else None)
        shown.append(joined(" · ", named, where))
    rest = len(shown) - _MOST_ENDPOINTS
    more = Mrkdwn(f"+ {rest} more") if rest > 0 else None
    return facts(*(("From", each) for each in (*shown[:_MOST_ENDPOINTS], more)))


def _values(indicators: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    matching = (each for each in indicators if text_at(each, "Key") == key)
    return [value for each in matching for value in texts_at(each, "Values")]


def _indicators(indicators: Iterable[Mapping[str, Any]]) -> Mrkdwn | None:
    """Return each indicator with its values: "Tor IP 203.0.113.9 · high risk API iam:…"."""
    shown = []
    for each in indicators:
        key = text_at(each, "Key") or ""
        if key in (_TACTIC, _TECHNIQUE):
            continue
        spelled = " ".join(_ACRONYMS.get(word, word) for word in key.lower().split("_"))
        values = [value for value in map(said, texts_at(each, "Values")) if value]
        named = words(spelled or text_at(each, "Title") or "", _NAME_CHARS) or None
        shown.append(joined(" ", named, listed(values, _MOST_VALUES, _VALUES_CHARS)))
    return joined(" · ", *list(dict.fromkeys(shown))[:_MOST_INDICATORS])
