"""The counts of a replay as one page of HTML, which needs nothing but itself."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from finding_router_cli.replays.comparison import Noise, Result
from finding_router_cli.replays.tally import Volume
from finding_router_cli.replays.words import left_out, summary

_NOTHING: Final = Volume()
_CHANNELS: Final = 40
_WIDTH: Final = 760
_HEIGHT: Final = 220
_BOTTOM: Final = 24
_LEFT: Final = 44
_TOP: Final = 12
# Names of days beside each other.
_LABELS: Final = 10

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1d1c1d; --soft: #5c5a5d; --line: #dddde0;
  --before: #9a9aa6; --after: #1264a3; --more: #b3261e; --fewer: #1a7f37; --card: #f7f7f9; }
@media (prefers-color-scheme: dark) { :root { --paper: #1a1d21; --ink: #e8e8ea; --soft: #a9abaf;
  --line: #3a3d42; --before: #7b7e86; --after: #4ea6ea; --more: #ff8a80; --fewer: #6fd08c;
  --card: #222529; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 24px 20px 48px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 8px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 16px; min-width: 130px; }
.figures b { display: block; font-size: 26px; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 5px 16px 5px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.more { color: var(--more); } .fewer { color: var(--fewer); }
.bars { width: 34%; min-width: 140px; }
svg { display: block; } .chart { width: 100%; height: auto; }
.before { fill: var(--before); } .after { fill: var(--after); } .axis { stroke: var(--line); }
text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin: 0 4px 0 12px; }
.key.before { background: var(--before); } .key.after { background: var(--after); }
"""


def page(result: Result) -> str:
    """Return the page; whatever findings and routes hold is escaped."""
    body = "".join(_body(result))
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>Replay of findings</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _body(result: Result) -> Iterator[str]:
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"<h1>Replay of findings</h1>\n<p>{escape(summary(result))}.</p>\n"
    yield f'<p class="soft">Made at {made}. Nothing was posted or marked.</p>\n'
    yield from _figures(result)
    if result.channels:
        yield f"<h2>Messages a day{_keys(result)}</h2>\n{_chart(result)}\n"
        yield from _channels(result)
        yield from _noise(result, "Noisiest controls", "Control", result.controls)
        yield from _noise(result, "Noisiest routes", "Route", result.routes)
    yield "<h2>How it is counted</h2>\n"
    sentence = result.replay.bursts.sentence()
    yield f'<p class="soft">{escape(sentence[:1].upper() + sentence[1:])}.</p>\n'
    for sentence in left_out(result):
        yield f'<p class="soft">{escape(sentence)}.</p>\n'


def _figures(result: Result) -> Iterator[str]:
    names = ["messages"] if result.after is None else ["messages before", "messages after"]
    busiest = max((each.busiest[1] for each in result.decisive.values()), default=0)
    figures = [("findings", result.replay.findings), *zip(names, result.totals, strict=True)]
    if result.after is not None:
        figures += [("would go elsewhere", result.replay.elsewhere)]
    figures += [("most a channel and day", busiest)]
    cells = "".join(f"<div><b>{number:,}</b>{name}</div>" for name, number in figures)
    yield f'<div class="figures">{cells}</div>\n'


def _keys(result: Result) -> str:
    if result.after is None:
        return ""
    return (
        '<small class="soft"><span class="key before"></span>before'
        '<span class="key after"></span>after</small>'
    )


def _chart(result: Result) -> str:
    """Return the bars of all channels together, two for each day where there are two tables."""
    days = result.days
    totals = result.totals_of(days)
    # Routes in force that are alone are drawn in the colour of those to come.
    names = ("before", "after")[-len(totals) :]
    most = max((number for some in totals for number in some), default=0) or 1
    room = (_WIDTH - _LEFT) / max(len(days), 1)
    bar = min(room * 0.8 / len(names), 48.0)
    floor = _HEIGHT - _BOTTOM
    drawn = [
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number:,}</text>'
        for number in sorted({0, most // 2, most})
        for y in [floor - (floor - _TOP) * number / most]
    ]
    step = -(-len(days) // _LABELS)
    for place, day in enumerate(days):
        middle = _LEFT + room * (place + 0.5)
        if place % step == 0:
            drawn.append(
                f'<text x="{middle:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{day[5:]}</text>'
            )
        for side, name in enumerate(names):
            number = totals[side][place]
            height = (floor - _TOP) * number / most
            left = middle - bar * len(names) / 2 + bar * side
            drawn.append(
                f'<rect class="{name}" x="{left:.1f}" y="{floor - height:.1f}" rx="2" '
                f'width="{max(bar - 2, 1):.1f}" height="{height:.1f}">'
                f"<title>{day}: {number:,} messages</title></rect>"
            )
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Messages of each day">{"".join(drawn)}</svg>'
    )


def _channels(result: Result) -> Iterator[str]:
    shown = result.channels[:_CHANNELS]
    days = result.days
    rows = []
    for channel in shown:
        before = result.before.get(channel, _NOTHING)
        if result.after is None:
            cells = [_number(before.findings), _number(before.messages), _number(before.digests)]
            line = before
        else:
            line = result.after.get(channel, _NOTHING)
            change = line.messages - before.messages
            style = "more" if change > 0 else "fewer" if change < 0 else "soft"
            cells = [
                _number(before.messages),
                _number(line.messages),
                f'<td class="number {style}">{f"{change:+,}" if change else "0"}</td>',
                _number(line.digests),
            ]
        day, number = line.busiest
        busiest = f"{number:,} on {day}" if day else "-"
        sparks = _sparks([before.days[each] for each in days], [line.days[each] for each in days])
        rows.append(
            f"<tr><td>{escape(channel)}</td>{''.join(cells)}"
            f"<td>{busiest}</td><td>{sparks}</td></tr>\n"
        )
    names = ["Findings", "Messages", "Digests"]
    if result.after is not None:
        names = ["Before", "After", "Change", "Digests"]
    yield "<h2>Channels</h2>\n"
    yield from _table(["Channel", *names, "Busiest day", "Days"], rows, numbers=len(names))
    if left := len(result.channels) - len(shown):
        yield f'<p class="soft">And {left:,} more; <code>--json</code> has all.</p>\n'


def _sparks(before: Sequence[int], after: Sequence[int]) -> str:
    """Return the days of a channel as small bars, the taller of before in grey behind."""
    most, width = max([*before, *after, 1]), 120 / max(len(before), 1)
    bars = "".join(
        f'<rect class="{name}" x="{width * place:.1f}" y="{22 - 22 * number / most:.1f}" '
        f'width="{max(width - 1, 1):.1f}" height="{22 * number / most:.1f}"/>'
        for place, pair in enumerate(zip(before, after, strict=True))
        for name, number in sorted(
            zip(("before", "after"), pair, strict=True), key=lambda it: -it[1]
        )
    )
    return f'<svg width="120" height="22" aria-hidden="true">{bars}</svg>'


def _noise(result: Result, title: str, name: str, several: Sequence[Noise]) -> Iterator[str]:
    most = max((max(one.before, one.after) for one in several), default=0) or 1
    rows = []
    for one in several:
        sides = [("after", one.after)]
        if result.after is not None:
            sides = [("before", one.before), ("after", one.after)]
        about = f'<br><span class="soft">{escape(one.title)}</span>' if one.title else ""
        numbers = "".join(_number(number) for _, number in sides)
        bars = "".join(
            f'<svg width="100%" height="9" aria-hidden="true"><rect class="{side}" '
            f'width="{100 * number / most:.1f}%" height="8" rx="2"/></svg>'
            for side, number in sides
        )
        rows.append(
            f'<tr><td>{escape(one.name)}{about}</td>{numbers}<td class="bars">{bars}</td></tr>\n'
        )
    names = ["Findings"] if result.after is None else ["Before", "After"]
    yield f"<h2>{title}</h2>\n"
    yield from _table([name, *names, ""], rows, numbers=len(names))


def _table(names: Sequence[str], rows: Iterable[str], *, numbers: int) -> Iterator[str]:
    """Yield a table, whose columns after the first are right-aligned, so many *numbers*."""
    heads = "".join(
        f"<th{' class="number"' if 0 < place <= numbers else ''}>{name}</th>"
        for place, name in enumerate(names)
    )
    yield f'<div class="wide"><table><thead><tr>{heads}</tr></thead>\n<tbody>\n'
    yield from rows
    yield "</tbody></table></div>\n"


def _number(number: int) -> str:
    return f'<td class="number">{number:,}</td>'
