"""`finding-router baseline`: tell once what was there before the router, and mark it."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, override

import click
from rich.text import Text

from finding_router.counts import counted
from finding_router.findings.finding import Severity
from finding_router_cli.account import account_options
from finding_router_cli.help_text import example
from finding_router_cli.output import progress, remark, text
from finding_router_cli.plan import Outcome, carry_out, write_options
from finding_router_cli.stack import Stack, find_stack

if TYPE_CHECKING:
    from finding_router_cli.baselines.record import Baseline
    from finding_router_cli.baselines.survey import Survey
    from finding_router_cli.baselines.work import Work

_SECONDS: Final = {"h": 3_600, "d": 86_400, "w": 604_800}
_ROWS: Final = 30
_COLUMNS: Final = {
    "CRITICAL": "Critical",
    "HIGH": "High",
    "MEDIUM": "Medium",
    "LOW": "Low",
    "INFORMATIONAL": "Info",
}


class Age(click.ParamType[float]):
    """A time such as 12h, 7d or 2w, in seconds."""

    name = "age"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        found = re.fullmatch(r"([0-9]{1,5})([hdw])", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no time; write it as 12h, 7d or 2w", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2]])


@click.command(epilog=example("finding-router baseline --keep CRITICAL --dry-run"))
@account_options
@click.option(
    "--older-than",
    "older_than",
    type=Age(),
    metavar="TIME",
    default=0.0,
    help="Only findings created longer ago than that: 12h, 7d, 2w.  [default: all until now]",
)
@click.option(
    "--keep",
    type=click.Choice([each.value for each in Severity]),
    help="Leave findings of this severity and above as they are, to be said one by one.",
)
@write_options
def baseline(
    *,
    stack: str | None,
    profile: str | None,
    region: str | None,
    older_than: float,
    keep: str | None,
    dry_run: bool,
    yes: bool,
    for_programs: bool,
) -> None:
    """
    Tell once what was there before the router, and mark it NOTIFIED: for the day of installation.

    Counts the open findings that are NEW, by account, product and severity, and asks. Then each
    channel gets one summary, and the findings become NOTIFIED, a hundred a call. The Ledger knows
    them from then on: that one is imported again is no news, that it returns or gets worse is. A
    run that was ended or killed goes on when the command is called again; it tells no channel
    twice.

    Exits with 0 once all is done, with 1 if a channel could not be told or a finding not marked.
    """
    found = find_stack(stack=stack, profile=profile, region=region)
    # The parts of the router that decide, lay out and post take a second to import.
    from finding_router_cli.baselines.work import Work  # noqa: PLC0415 -- see above

    work = Work(found)
    with work.in_sentences():
        begun, is_resumed = _begun(work, older_than, None if keep is None else Severity(keep))
        with progress("counting findings") as count:
            survey = work.survey(begun, count)
    plan = BaselinePlan(found, begun, survey, is_resumed=is_resumed)
    result: dict[str, Any] = {}

    def do() -> Mapping[str, Any]:
        with work.in_sentences():
            result.update(work.do(begun, survey, is_resumed=is_resumed))
        return result

    outcome = carry_out(plan, do, dry_run=dry_run, yes=yes, for_programs=for_programs)
    if outcome is Outcome.DONE:
        _conclude(result, for_programs=for_programs)


def _begun(work: "Work", older_than: float, keep: Severity | None) -> tuple["Baseline", bool]:
    """Return the baseline that was not finished and True, else a new one and False."""
    from finding_router_cli.baselines.record import Baseline  # noqa: PLC0415 -- as above

    known = work.baselines.read()
    if known is not None and known.finished_at is None:
        if known.keep != keep:
            option = f"--keep {known.keep}" if known.keep else "no --keep"
            raise click.UsageError(
                f"a baseline begun at {_moment(known.begun_at)} is not finished; "
                f"finish it as it was begun, with {option}"
            )
        return known, True
    # Milliseconds survive the Ledger, and the time names the summaries.
    now = round(time.time(), 3)
    version = known.version if known else 0
    return Baseline(begun_at=now, before=now - older_than, keep=keep, version=version), False


@dataclass(frozen=True, slots=True)
class BaselinePlan:
    """The counts, before anything is told."""

    stack: Stack
    baseline: "Baseline"
    survey: "Survey"
    is_resumed: bool

    @property
    def is_empty(self) -> bool:
        """Return True if there is nothing to mark, and no run to finish."""
        return self.survey.total == 0 and not self.is_resumed

    @property
    def question(self) -> str:
        """Return the question to a person."""
        channels = counted(len(self.survey.channels), "channel")
        return f"tell {channels}, and mark {counted(self.survey.total, 'finding')} NOTIFIED"

    def lines(self) -> Iterator[Text]:
        """Yield the counts, the channels, and the time that it takes."""
        survey = self.survey
        yield text(
            f"{self.stack.origin}: open findings that are NEW, created before "
            f"{_moment(self.baseline.before)}",
            "bold",
        )
        if self.is_resumed:
            yield text(
                f"goes on with the baseline begun at {_moment(self.baseline.begun_at)}", "yellow"
            )
        yield from _table(survey)
        for channel, each in sorted(survey.channels.items()):
            critical = each.severities[Severity.CRITICAL]
            yield text(f"  {channel}: {counted(each.total, 'finding')}, {critical:,} critical")
        if survey.kept:
            yield text(f"{counted(survey.kept, 'finding')} kept by --keep {self.baseline.keep}")
        if survey.dropped:
            yield text(
                f"{counted(survey.dropped, 'finding')} left NEW: "
                "a route keeps them from every channel"
            )
        if self.is_empty:
            yield text("nothing to do")
        else:
            yield text(
                f"takes about {_duration(survey.seconds)} at the pace of Security Hub and Slack"
            )

    def as_json(self) -> dict[str, Any]:
        """Return the counts for programs."""
        return {
            "before": _moment(self.baseline.before),
            "keep": self.baseline.keep,
            "resumes": _moment(self.baseline.begun_at) if self.is_resumed else None,
            **self.survey.as_json(),
        }


def _table(survey: "Survey") -> Iterator[Text]:
    """Yield a line for each account and product, with a column for each severity."""
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for (account, product, severity), count in survey.counts.items():
        rows.setdefault((account, product), {})[severity] = count
    if not rows:
        return
    ordered = sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))
    shown = ordered[:_ROWS]
    first = max(len(account) for (account, _), _ in shown)
    second = max(len(product) for (_, product), _ in shown)
    head = "  ".join(f"{column:>8}" for column in _COLUMNS.values())
    yield text(f"  {'Account':<{first}}  {'Product':<{second}}  {head}", "dim")
    for (account, product), counts in shown:
        cells = "  ".join(f"{counts.get(name, 0):>8,}" for name in _COLUMNS)
        yield text(f"  {account:<{first}}  {product:<{second}}  {cells}")
    if len(ordered) > _ROWS:
        yield text(f"  … and {len(ordered) - _ROWS:,} more accounts and products (--json has all)")
    yield text(f"  {counted(survey.total, 'finding')}", "bold")


def _conclude(result: Mapping[str, Any], *, for_programs: bool) -> None:
    if not for_programs:
        told = counted(len(result["told"]), "channel")
        noted = counted(result["noted"], "finding")
        unmarked = f", {noted} of AWS Security Hub noted" if result["noted"] else ""
        click.echo(f"{told} told, {counted(result['marked'], 'finding')} marked NOTIFIED{unmarked}")
    for channel, why in result["untold"].items():
        remark(f"{channel} could not be told: {why}")
    if result["untold"]:
        remark("nothing was marked; remedy that, and run the command again")
    if result["left"]:
        remark(
            f"{counted(result['left'], 'finding')} left to the router, which is about to say them"
        )
    for code, count in result["refused"].items():
        remark(
            f"Security Hub did not mark {counted(count, 'finding')}: {code}; run the command again"
        )
    if result["untold"] or result["refused"]:
        raise click.exceptions.Exit(1)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004 -- a minute and a half
        return counted(max(round(seconds), 1), "second")
    return counted(round(seconds / 60), "minute")
