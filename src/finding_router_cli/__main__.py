"""Start the `finding-router` command, or name the package that it lacks."""

import sys
from typing import Final

# The packages that pyproject.toml installs with each of its extras.
_EXTRAS: Final = {
    "boto3": "cli",
    "click": "cli",
    "rich": "cli",
    "ruamel": "cli",
    "flask": "local",
    "flask_cors": "local",
    "jinja2": "local",
    "moto": "local",
    "samtranslator": "local",
    "werkzeug": "local",
}


def run() -> None:
    """Run the command; exit with a sentence where a package is missing."""
    try:
        from finding_router_cli.main import main  # noqa: PLC0415 -- click may be missing

        main()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = _EXTRAS.get(package)
        if extra is None:
            raise
        sys.exit(
            f"Error: this command needs {package}, which is not installed; "
            f'in the project\'s folder, run: pip install ".[{extra}]"'
        )


if __name__ == "__main__":
    run()
