# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Remove the files that the router never imports from an installed layer.

Every pattern has to hit something, so that a dependency that moves its parts shows at the build.
Whether too much went shows where the built function runs: tests/integration/test_built_router.py.
"""

import sys
from pathlib import Path
from typing import Final

from files import remove

# Files that one installer leaves behind and the other does not.
TRACES: Final = (".lock", "bin")

UNUSED: Final = (
    # For installers, type checkers and compilers.
    "*.dist-info",
    "wrapt-stubs",
    "wrapt/*.c",
    "**/*.pyi",
    "**/py.typed",
    "annotated_types/test_cases.py",
    "pydantic/mypy.py",
    "pydantic/v1/mypy.py",
    # Alternatives to the parts that the router uses.
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/logging/formatters",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/utilities/auth_alpha",
    "aws_lambda_powertools/utilities/batch",
    "aws_lambda_powertools/utilities/circuit_breaker",
    "aws_lambda_powertools/utilities/data_classes",
    "aws_lambda_powertools/utilities/data_masking",
    "aws_lambda_powertools/utilities/feature_flags",
    "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/kafka",
    "aws_lambda_powertools/utilities/metadata",
    "aws_lambda_powertools/utilities/parser/envelopes",
    "aws_lambda_powertools/utilities/parser/models",
    "aws_lambda_powertools/utilities/streaming",
    "aws_lambda_powertools/utilities/typing",
    "aws_lambda_powertools/utilities/validation",
    # Patches for libraries that are not here; X-Ray patches botocore alone.
    "aws_xray_sdk/ext/[acdfhmps]*",
    "aws_xray_sdk/ext/bottle",
    "aws_xray_sdk/ext/requests",
    # It needs boto3, which is not there: the router makes its clients with botocore.
    "aws_lambda_powertools/utilities/parameters",
    "botocore/stub.py",
    "dateutil/rrule.py",
    "dateutil/zoneinfo",
    "pydantic/deprecated",
    "pydantic/experimental",
    "pydantic/v1",
    # The old name of slack_sdk, its other APIs, and its asynchronous and legacy clients.
    "slack",
    "slack_sdk/audit_logs",
    "slack_sdk/oauth",
    "slack_sdk/rtm",
    "slack_sdk/rtm_v2",
    "slack_sdk/scim",
    "slack_sdk/signature",
    "slack_sdk/socket_mode",
    "slack_sdk/**/*async*.py",
    "slack_sdk/web/legacy_*.py",
    # Lists of the zones, and their source; each zone has a file of its own.
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/leapseconds",
    "tzdata/zoneinfo/tzdata.zi",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/contrib/socks.py",
)


def trim(layer: Path) -> None:
    """
    Remove unused files from *layer*.

    Raises:
        SystemExit: a pattern names nothing.

    """
    for pattern in UNUSED:
        found = sorted(layer.glob(pattern))
        if not found:
            sys.exit(f"trim: {pattern} is not in the layer any more; look where it went")
        for path in found:
            remove(path)
    for name in TRACES:
        remove(layer / name)


if __name__ == "__main__":
    trim(Path(sys.argv[1]))
