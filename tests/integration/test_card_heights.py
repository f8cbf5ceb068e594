"""The script that measures the cards, as `make bench` runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HAS_BROWSER = "CHROMIUM" in os.environ or any(map(shutil.which, BROWSERS))
needs_browser = pytest.mark.skipif(
    not HAS_BROWSER, reason="no Chromium here: install it, or name it in CHROMIUM"
)


def measure(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    return subprocess.run(
        [sys.executable, PROJECT / "bench" / "cards.py", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Return a folder with one event of one finding and another of two."""
    folder = tmp_path / "events"
    folder.mkdir()
    for name in ("imported-securityhub-open-ports", "imported-two-findings"):
        shutil.copy(PROJECT / "events" / f"{name}.json", folder)
    return folder


@needs_browser
def test_each_card_is_measured(events: Path, tmp_path: Path) -> None:
    """Each finding has a line with three heights; the exit code says whether targets are missed."""
    samples = tmp_path / "samples"
    samples.mkdir()
    odd = {"finding": {"Id": "an id", "Title": "A finding without an ARN"}}
    (samples / "findings.ndjson").write_text(json.dumps(odd) + "\n")
    done = measure("--events", events, "--pictures", tmp_path / "drawn", SAMPLES=str(samples))
    rows = re.findall(
        r"^(\S.*?) +(\d+) +(\d+) +(\d+|-)  (?:ok|lacks .*)$", done.stdout, re.MULTILINE
    )

    assert "" == done.stderr
    assert [
        "imported-securityhub-open-ports",
        "imported-two-findings 1",
        "imported-two-findings 2",
        "findings (unreadable)",
    ] == [name for name, *_ in rows]
    assert all(int(shown) <= int(unfolded) for _, shown, unfolded, _ in rows)
    assert "7 cards as they are shown" in done.stdout
    assert int("MISSED" in done.stdout) == done.returncode
    assert 7 == len(list((tmp_path / "drawn").glob("*.png")))


@needs_browser
def test_a_missed_target_is_an_error(events: Path, tmp_path: Path) -> None:
    """A card beyond the screen of a phone makes the script fail."""
    done = measure("--events", events, "--samples", tmp_path, "--screen", "100")

    assert 1 == done.returncode
    assert "MISSED  highest" in done.stdout


def test_without_a_browser_nothing_is_measured(events: Path, tmp_path: Path) -> None:
    """`make bench` goes on where there is no browser, and says so."""
    environment = {"PATH": str(tmp_path), "CHROMIUM": ""}
    done = measure("--events", events, "--samples", tmp_path, **environment)

    assert 0 == done.returncode
    assert done.stdout.startswith("Cards are not measured: no browser: install one of chromium,")


def test_a_folder_without_findings_is_an_error(tmp_path: Path) -> None:
    """A wrong folder is not taken for a success."""
    done = measure("--events", tmp_path, "--samples", tmp_path)

    assert 1 == done.returncode
    assert f"no findings in {tmp_path}" in done.stderr
