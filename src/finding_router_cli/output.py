"""Output of commands: results on standard output, progress on standard error."""

import json
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import Any, Final

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from finding_router_cli import terminal

_PATIENCE_SECONDS: Final = 0.7
"""The time after which progress is shown; shorter work shows none."""
# A line of a file or a pipe is never cut.
_UNLIMITED: Final = 10_000


def data_console() -> Console:
    """Return the console for results, on standard output."""
    return _console(stderr=False)


def progress_console() -> Console:
    """Return the console for progress and remarks, on standard error."""
    return _console(stderr=True)


def print_json(value: object) -> None:
    """Print *value* as JSON, for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_lines(lines: Iterable[Text]) -> None:
    """Print *lines* as results; a long one goes on in the next line of a terminal."""
    console = data_console()
    for line in lines:
        console.print(line, soft_wrap=True)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text | None]],
    *,
    wrapped: Collection[str] = (),
) -> None:
    """
    Print *rows* under the names of their *columns*, in one line each where they go to a file.

    On a terminal that is too narrow, the columns *wrapped* (default: the last) have several lines.
    """
    console = data_console()
    # Lines of a pipe are for grep and cut: they are not wrapped.
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    for column in columns:
        is_wrapped = column in (wrapped or columns[-1:])
        table.add_column(column, overflow="fold", no_wrap=not is_wrapped)
    for row in rows:
        table.add_row(*map(_cell, row))
    console.print(table)


def text(words: object, style: str = "") -> Text:
    """Return *words* in a *style* of Rich, with blanks for characters that move the cursor."""
    return Text(terminal.printable(str(words)), style=style)


def remark(words: str) -> None:
    """Print lines that are no result, on standard error."""
    for line in words.splitlines():
        click.echo(terminal.printable(line), err=True)


@contextmanager
def progress(doing: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """
    Show a bar on standard error while the block takes longer than a moment.

    *doing* is as in "reading findings", *total* the number of steps, None if it is not known. The
    block gets a function that counts further steps as done. Where standard error is no terminal,
    one line says what takes so long.
    """
    console = progress_console()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(terminal.printable(doing), total=total)

    def show() -> None:
        if console.is_terminal:
            bar.start()
        else:
            console.print(Text(f"{terminal.printable(doing)} …"), soft_wrap=True)

    timer = Timer(_PATIENCE_SECONDS, show)
    timer.daemon = True
    timer.start()
    try:
        yield lambda steps: bar.advance(task, steps)
    finally:
        timer.cancel()
        timer.join()
        if bar.live.is_started:
            bar.stop()


def _console(*, stderr: bool) -> Console:
    wanted = terminal.colours()
    stream = sys.stderr if stderr else sys.stdout
    is_terminal = stream.isatty()
    options: dict[str, Any] = {"color_system": None}
    if wanted or (wanted is None and is_terminal):
        options = {"color_system": "standard", "force_terminal": True}
    width = shutil.get_terminal_size().columns if is_terminal else _UNLIMITED
    return Console(
        file=stream,
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        **options,
    )


def _cell(value: str | Text | None) -> Text:
    return value if isinstance(value, Text) else text(value or "")
