"""The scripts of the build fail with a message if files are not as they expect."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from finding_router_local.build import has_sam, sam_build

PROJECT = Path(__file__).parents[2]
LAYERS = PROJECT / "layers"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a script of the build."""
    return subprocess.run(
        [sys.executable, str(LAYERS / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_trim_names_what_is_not_there_any_more(tmp_path: Path) -> None:
    """A dependency that moves its parts stops the build, before too little is removed."""
    result = run("trim.py", tmp_path)

    assert 1 == result.returncode
    assert "*.dist-info is not in the layer any more" in result.stderr


def test_slack_sdk_is_not_reduced_if_it_has_changed(tmp_path: Path) -> None:
    """A part that moved, or a line that reads otherwise, stops the build."""
    package = tmp_path / "slack_sdk"
    for name in ("models", "web", "webhook"):
        (package / name).mkdir(parents=True)

    missing = run("slack_sdk_parts.py", tmp_path)
    for name in ("", "web/"):
        (package / name / "__init__.py").touch()
    for name in ("chat_stream", "client", "internal_utils"):
        (package / "web" / f"{name}.py").touch()
    changed = run("slack_sdk_parts.py", tmp_path)

    assert (1, 1) == (missing.returncode, changed.returncode)
    assert "__init__.py is not there any more" in missing.stderr
    assert "has no line 'from asyncio import Future' any more" in changed.stderr


def test_idle_parts_stay_if_they_are_used_otherwise(tmp_path: Path) -> None:
    """A module that moved, or a name that its replacement lacks, stops the build."""
    missing = run("idle_parts.py", tmp_path)
    for name in ("botocore/docs", "pydantic/plugin", "urllib3/http2"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("botocore/docs/docstring", "pydantic/plugin/_loader"):
        (tmp_path / f"{name}.py").touch()
    for name in ("botocore/docs", "urllib3/http2"):
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "urllib3" / "connection.py").write_text("from .http2 import probe, version\n")
    (tmp_path / "urllib3" / "http2" / "probe.py").touch()
    lacking = run("idle_parts.py", tmp_path)

    assert (1, 1) == (missing.returncode, lacking.returncode)
    assert "botocore/docs/__init__.py is not there any more" in missing.stderr
    assert "urllib3/connection.py imports version of urllib3.http2" in lacking.stderr


def test_types_are_made_plain_if_they_are_typed_dictionaries(tmp_path: Path) -> None:
    """Those that derive from one as well; a module without any stops the build."""
    missing = run("plain_types.py", tmp_path)
    module = tmp_path / "pydantic_core" / "core_schema.py"
    module.parent.mkdir()
    module.write_text("class Other(Protocol):\n    ...\n")
    lacking = run("plain_types.py", tmp_path)
    module.write_text(
        "class Info(Protocol):\n    a: int\n\n\n"
        "class Schema(TypedDict, total=False):\n    b: int\n\n\n"
        "class More(Schema, total=False):\n    c: int\n"
    )
    plain = run("plain_types.py", tmp_path)

    assert (1, 1, 0) == (missing.returncode, lacking.returncode, plain.returncode)
    assert "core_schema.py is not there any more" in missing.stderr
    assert "has no typed dictionaries any more" in lacking.stderr
    classes = re.findall("^class .*", module.read_text(), re.MULTILINE)
    assert ["class Info(Protocol):", "class Schema(dict):", "class More(Schema):"] == classes


def test_precompile_compiles_for_the_path_in_lambda(tmp_path: Path) -> None:
    """The bytecode names the deployed path."""
    (tmp_path / "module.py").write_text("x = 1\n")

    result = run("precompile.py", tmp_path, "/opt/python")
    [bytecode] = tmp_path.rglob("*.pyc")

    assert 0 == result.returncode
    assert b"/opt/python/module.py" in bytecode.read_bytes()


def test_precompile_stops_at_a_module_that_does_not_compile(tmp_path: Path) -> None:
    """Otherwise a module that fails at its first import would be shipped."""
    (tmp_path / "module.py").write_text("def\n")

    result = run("precompile.py", tmp_path, "/opt/python")

    assert 1 == result.returncode
    assert "not every module of" in result.stderr


def test_weigh_lists_the_heaviest_first(tmp_path: Path) -> None:
    """With the sum, stored and zipped."""
    for name, size in (("light", 20_000), ("heavy", 3_000_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"\0" * size)

    result = run("weigh.py", "Layer", tmp_path)

    assert "Layer: 3.02 MB (0.00 MB zipped)" in result.stdout
    assert "heaviest (MB): heavy 3.00, light 0.02" in result.stdout


@pytest.mark.skipif(
    not has_sam(PROJECT), reason="the SAM CLI is not here: `make build` installs it"
)
def test_failed_build_is_told_with_what_it_printed(tmp_path: Path) -> None:
    """The reason is in the exception, not lost with the process."""
    (tmp_path / ".tools").symlink_to(PROJECT / ".tools")
    (tmp_path / "template.yaml").write_text("Resources: [")

    with pytest.raises(RuntimeError, match="Failed to parse template"):
        sam_build(tmp_path, tmp_path / "built")


def test_slack_app_may_post_and_nothing_else() -> None:
    """No scope that reads, manages channels or listens, and no way back in."""
    manifest = yaml.safe_load((PROJECT / "slack-app-manifest.yaml").read_text("utf-8"))

    assert {"bot": ["chat:write", "chat:write.public"]} == manifest["oauth_config"]["scopes"]
    assert {
        "interactivity": {"is_enabled": False},
        "org_deploy_enabled": False,
        "socket_mode_enabled": False,
        "token_rotation_enabled": False,
    } == manifest["settings"]
