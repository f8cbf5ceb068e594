"""The output of ``sam build`` for this project, to be run on this machine."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SAM: Final = ".tools/sam/bin/sam"
_ARCHITECTURES: Final = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_SECONDS: Final = 300
# An account, Region or SAM setting of the user does not change the build.
_NOT_INHERITED: Final = ("AWS_", "SAM_")


@dataclass(frozen=True, slots=True)
class Built:
    """The folders that Lambda mounts at ``/var/task`` and ``/opt``, and the output of the build."""

    task: Path
    layer: Path
    log: str


def has_sam(project: Path) -> bool:
    """Return True if *project* has its own SAM CLI."""
    return (project / _SAM).is_file()


def native_architecture() -> str:
    """Return Lambda's name for this machine's processor."""
    return _ARCHITECTURES[platform.machine()]


def sam_build(
    project: Path, folder: Path, *, architecture: str | None = None, only: str | None = None
) -> Built:
    """
    Build the template of *project* into *folder*, by default for this machine's architecture.

    *only* is the one function to build, with its layer.

    Raises:
        RuntimeError: the build failed; the message is its output.

    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)
    }
    run = subprocess.run(
        [
            str(project / _SAM),
            "build",
            *([only] if only else []),
            "--template-file",
            str(project / "template.yaml"),
            "--build-dir",
            str(folder),
            "--parameter-overrides",
            f"Architecture={architecture or native_architecture()}",
        ],
        cwd=project,
        env={**environment, "SAM_CLI_TELEMETRY": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        message = f"sam build failed:\n{run.stdout}"
        raise RuntimeError(message)
    return Built(folder / "RouterFunction", folder / "DependenciesLayer", run.stdout)
