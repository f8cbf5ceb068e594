"""
Measure the cards on a phone: their heights, and the first 100 characters of each push text.

Each finding of events/, and of another folder where there is one, becomes a card and the card of
its end. Both are posted to the local Slack, and Chromium lays its page out in 390 px. The height
of a message as it is shown counts: Slack folds long attachments, and "unfolded" is the height after
"Show more", which counts with --unfolded. The script exits with 1 if a target is missed. Without a
Chromium it measures nothing.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from slack_sdk import WebClient

from chromium import BARE, NoBrowserError, chromium, open_page
from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.ending import Ended
from finding_router.findings.finding import Finding
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.frame import CIRCLES
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.resources import given_name, is_account, short_name
from finding_router.slack.kit.text import unmarked
from finding_router.slack.messages.card import CardContext, render, render_raw
from finding_router.slack.messages.thread import render_ended
from finding_router_cli.inputs import read_events
from finding_router_local.outcomes import findings_of
from finding_router_local.slack import SlackServer, render_page

PROJECT: Final = Path(__file__).parents[1]
EVENTS: Final = PROJECT / "events"
# The collected findings, which are not part of the project.
SAMPLES: Final = PROJECT.parent / "shared" / "samples"
EVENT_NAMES: Final = ("imported-*.json", "custom-action-*.json")
SAMPLE_NAMES: Final = ("findings.ndjson", "events.ndjson", "ocsf.ndjson")

WIDTH: Final = 390
SCREEN: Final = 844
PUSH_CHARS: Final = 100
MEDIAN: Final = 450
MAX_ENDED: Final = 180

SHARPNESS: Final = 2
NAME_WIDTH: Final = 56
CONTEXT: Final = CardContext(("every-account-and-service",))
OPEN_SECONDS: Final = 11 * 86_400.0
# A longer name of an account is cut.
ACCOUNT_CHARS: Final = 30
# Of a name that the push text shortens, so many characters identify it.
LEAST_NAME: Final = 8
FACT_WORDS: Final = 2

HEIGHTS: Final = """
() => {
  const messages = [...document.querySelectorAll("article.message")];
  const measure = () => messages.map((each) => each.getBoundingClientRect().height);
  const shown = measure();
  for (const each of document.querySelectorAll(".more")) each.click();
  const unfolded = measure();
  for (const each of document.querySelectorAll(".more")) each.click();
  return messages.map((each, number) => [each.id, shown[number], unfolded[number]]);
}
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A message to measure; *finding* is None if it cannot be read."""

    name: str
    message: Message
    finding: Finding | None
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A card with its heights in pixels, and the parts that its push text does not have."""

    card: Card
    shown: float
    unfolded: float
    missing: tuple[str, ...]


def cards(folder: Path, names: Sequence[str]) -> Iterator[Card]:
    """Make the cards of all findings in the files *names* (globs) of *folder*."""
    for path in sorted(each for name in names for each in folder.glob(name)):
        raws = [
            raw
            for event in read_events(path.read_text("utf-8"), path.name)
            for raw in findings_of(event)
        ]
        for number, raw in enumerate(raws, 1):
            yield from _cards(f"{path.stem} {number}" if len(raws) > 1 else path.stem, raw)


def _cards(name: str, raw: Any) -> Iterator[Card]:
    try:
        finding = read_finding(raw)
    except FindingError as error:
        yield Card(f"{name} (unreadable)", render_raw(raw, str(error), CONTEXT), None)
        return
    yield Card(name, render(finding, CONTEXT), finding)
    seen = parse_timestamp(finding.first_seen)
    ended_at = (seen.timestamp() if seen else 0.0) + OPEN_SECONDS
    ended = render_ended(finding, CONTEXT, how=Ended.RESOLVED, ended_at=ended_at, said_at=None)
    yield Card(f"{name} (ended)", ended, finding, is_ended=True)


def measure(found: Sequence[Card], pictures: Path | None) -> list[Measured]:
    """Post the cards to a local Slack and measure its page; write *pictures*, one for each card."""
    ids = []
    with (
        tempfile.TemporaryDirectory() as folder,
        SlackServer(channels=["cards"], pace=False) as slack,
        chromium() as browser,
    ):
        client = WebClient(slack.token, base_url=slack.base_url, retry_handlers=[])
        for card in found:
            posted = client.chat_postMessage(channel="#cards", **card.message.arguments())
            ids.append(f"{posted['channel']}-p{posted['ts'].replace('.', '')}")
        file = Path(folder) / "cards.html"
        render_page(slack.messages(), write_to=file)
        page = open_page(browser, file.as_uri(), width=WIDTH, height=SCREEN, sharpness=SHARPNESS)
        page.add_style_tag(content=BARE)
        heights = {id_: (shown, unfolded) for id_, shown, unfolded in page.evaluate(HEIGHTS)}
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            for id_, card in zip(ids, found, strict=True):
                name = re.sub(r"[^\w-]+", "-", card.name).strip("-")
                page.locator(f'[id="{id_}"]').screenshot(path=pictures / f"{name}.png")
    return [
        Measured(card, *heights[id_], missing=tuple(missing_parts(card)))
        for id_, card in zip(ids, found, strict=True)
    ]


def missing_parts(card: Card) -> Iterator[str]:
    """Yield each essential that the first 100 characters of a card's push text lack."""
    finding = card.finding
    if finding is None or card.is_ended:
        return
    # A colon may stand as a sign that looks like it: two of them make an emoji.
    seen = card.message.text[:PUSH_CHARS].replace("∶", ":")
    account = unmarked(finding.account_name or finding.account_id or "", ACCOUNT_CHARS)
    account = account.replace("∶", ":")
    resources = [each for each in finding.resources if not is_account(short_name(each))]
    names = [unmarked(short_name(each), PUSH_CHARS) for each in resources]
    if account and account not in seen:
        yield "account"
    rest = seen
    for word in (*names, account, finding.product, finding.region, finding.severity):
        rest = rest.replace(word, " ") if word else rest
    # The id of a control is a fact: no standard has another name for it.
    if finding.control_id and finding.control_id in seen:
        rest += " of a control"
    if finding.title in seen:
        rest += " whole title"
    if len(re.findall(r"[^\W_]{2,}", rest.strip("".join(CIRCLES.values())))) < FACT_WORDS:
        yield "fact"
    given = [unmarked(given_name(each) or "", PUSH_CHARS) for each in resources]
    names = [name.replace("∶", ":") for name in (*names, *given) if name]
    if names and not any(name[:LEAST_NAME] in seen for name in names):
        yield "resource"


def report(measured: Sequence[Measured]) -> str:
    """Return a line for each card of a finding, with the height of the card of its end."""
    ended = {each.card.name: each for each in measured if each.card.is_ended}
    lines = [f"{'pixels of 390':{NAME_WIDTH}}{'shown':>7}{'unfolded':>10}{'ended':>7}  push text"]
    for each in measured:
        if each.card.is_ended:
            continue
        name = each.card.name
        end = ended.get(f"{name} (ended)")
        push = f"lacks {', '.join(each.missing)}" if each.missing else "ok"
        lines.append(
            f"{name[:NAME_WIDTH]:{NAME_WIDTH}}{each.shown:7.0f}{each.unfolded:10.0f}"
            f"{f'{end.shown:.0f}' if end else '-':>7}  {push}"
        )
    return "\n".join(lines)


def judge(measured: Sequence[Measured], *, unfolded: bool, screen: int) -> list[tuple[str, bool]]:
    """
    Return a line for each target, and whether it is reached.

    *unfolded* heights may count, and no card may be higher than the *screen*, in pixels.
    """
    heights: dict[bool, list[float]] = {True: [], False: []}
    for each in measured:
        heights[each.card.is_ended].append(each.unfolded if unfolded else each.shown)
    shown, ended = heights[False], heights[True]
    lacking = sum(bool(each.missing) for each in measured)
    tall, long = sum(each > screen for each in shown), sum(each > MAX_ENDED for each in ended)
    median, highest, highest_end = statistics.median(shown), max(shown), max(ended, default=0)
    return [
        (f"median {median:.0f} px (target: {MEDIAN})", median <= MEDIAN),
        (f"highest {highest:.0f} px (target: {screen}); {tall} higher", not tall),
        (f"ended {highest_end:.0f} px (target: {MAX_ENDED}); {long} higher", not long),
        (f"push texts without account, fact or resource: {lacking} (target: 0)", not lacking),
    ]


def main() -> None:
    """Measure all cards, print them, and exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=Path, default=EVENTS, help="folder of events")
    parser.add_argument(
        "--samples",
        type=Path,
        default=Path(os.environ.get("SAMPLES", SAMPLES)),
        help="folder with findings.ndjson, events.ndjson and ocsf.ndjson  [SAMPLES]",
    )
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each card")
    parser.add_argument("--screen", type=int, default=SCREEN, help="pixels of a phone's height")
    parser.add_argument("--unfolded", action="store_true", help="judge heights after Show more")
    options = parser.parse_args()
    found = [*cards(options.events, EVENT_NAMES), *cards(options.samples, SAMPLE_NAMES)]
    if not found:
        sys.exit(f"no findings in {options.events}")
    try:
        measured = measure(found, options.pictures)
    except NoBrowserError as error:
        print(f"Cards are not measured: {error}.")
        return
    print(report(measured))
    print(f"{len(measured)} cards {'unfolded' if options.unfolded else 'as they are shown'}:")
    targets = judge(measured, unfolded=options.unfolded, screen=options.screen)
    for line, is_reached in targets:
        print(f"{'ok    ' if is_reached else 'MISSED'}  {line}")
    if not all(is_reached for _, is_reached in targets):
        sys.exit(1)


if __name__ == "__main__":
    main()
