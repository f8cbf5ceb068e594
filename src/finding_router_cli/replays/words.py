"""The counts of a replay for people, in the terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.text import Text

from finding_router.counts import counted
from finding_router_cli.output import print_lines, print_table, text
from finding_router_cli.replays.comparison import Noise, Result
from finding_router_cli.replays.tally import Volume

_BAR: Final = 24
_DAYS: Final = 31
_NOTHING: Final = Volume()


def print_result(result: Result) -> None:
    """Print the table of channels, the bars of days, and the noisiest controls and routes."""
    print_lines(_head(result))
    if result.channels:
        _print_channels(result)
        _print_days(result)
        _print_noise(result, "CONTROL", result.controls)
        _print_noise(result, "ROUTE", result.routes)
        print_lines([text(f"How messages are counted: {result.replay.bursts.sentence()}.", "dim")])


def left_out(result: Result) -> Iterator[str]:
    """Yield a sentence for each group of findings that make no message."""
    replay = result.replay
    if replay.older:
        older = counted(replay.older, "finding is", "findings are")
        yield f"{older} left out, which came before"
    if replay.twice:
        again = counted(replay.twice, "finding was", "findings were")
        yield f"{again} there again and counted once"
    for reason, number in sorted(replay.not_posted.items()):
        never = counted(number, "finding is", "findings are")
        yield f"{never} never posted: {reason.replace('_', ' ')}"
    if replay.unreadable:
        yield f"{replay.unreadable:,} could not be read"
    if not replay.findings:
        yield "none came then: take a longer --since, --updated, or the findings of a FILE"


def summary(result: Result) -> str:
    """Return the totals in one sentence."""
    before, *others = result.totals
    head = f"{counted(result.replay.findings, 'finding')} {result.replay.origin}"
    if not others:
        verb = "makes" if result.replay.findings == 1 else "make"
        return f"{head} {verb} {counted(before, 'message')}"
    return (
        f"{head}: {before:,} messages by the routes in force, {others[0]:,} by the others; "
        f"{result.replay.elsewhere:,} would go elsewhere"
    )


def _head(result: Result) -> Iterator[Text]:
    yield text(summary(result), "bold")
    for sentence in left_out(result):
        yield text(f"  {sentence}", "dim")


def _print_channels(result: Result) -> None:
    rows: list[Sequence[str | Text | None]] = []
    for channel in result.channels:
        before = result.before.get(channel, _NOTHING)
        if result.after is None:
            rows.append([channel, *_numbers(before), _busiest(before)])
            continue
        after = result.after.get(channel, _NOTHING)
        change = after.messages - before.messages
        style = "red" if change > 0 else "green" if change < 0 else "dim"
        rows.append(
            [
                channel,
                f"{before.messages:,}",
                f"{after.messages:,}",
                text(f"{change:+,}" if change else "0", style),
                f"{after.digests:,}",
                _busiest(after),
            ]
        )
    names = ["CHANNEL", "FINDINGS", "MESSAGES", "DIGESTS", "BUSIEST DAY"]
    both = ["CHANNEL", "BEFORE", "AFTER", "CHANGE", "DIGESTS", "BUSIEST DAY"]
    print_table(names if result.after is None else both, rows)


def _print_days(result: Result) -> None:
    days = result.days[-_DAYS:]
    totals = result.totals_of(days)
    most = max((number for some in totals for number in some), default=0)
    rows: list[Sequence[str | Text | None]] = []
    for number, day in enumerate(days):
        for side, some in enumerate(totals):
            label = "" if len(totals) == 1 else ("before", "after")[side]
            style = "dim" if len(totals) > 1 and not side else "cyan"
            bar = text("█" * _length(some[number], most), style)
            rows.append([day if not side else "", label, f"{some[number]:,}", bar])
    print_table(["DAY (UTC)", "", "MESSAGES", ""], rows)


def _print_noise(result: Result, name: str, several: Sequence[Noise]) -> None:
    most = max((max(one.before, one.after) for one in several), default=0)
    rows: list[Sequence[str | Text | None]] = []
    for one in several:
        numbers = [f"{one.before:,}"] + ([] if result.after is None else [f"{one.after:,}"])
        bar = text("█" * _length(one.after, most), "cyan")
        rows.append([one.name, *numbers, bar, text(one.title, "dim")])
    numbered = ["FINDINGS"] if result.after is None else ["BEFORE", "AFTER"]
    print_table([name, *numbered, "", ""], rows)


def _numbers(volume: Volume) -> list[str]:
    return [f"{volume.findings:,}", f"{volume.messages:,}", f"{volume.digests:,}"]


def _busiest(volume: Volume) -> str:
    day, number = volume.busiest
    return f"{number:,} on {day}" if day else "-"


def _length(number: int, most: int) -> int:
    return max(1, round(_BAR * number / most)) if number else 0
