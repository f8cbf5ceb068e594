"""`finding-router manifest`: the manifest of the Slack app, with the address of a stack."""

from typing import Final, NamedTuple

import click

from finding_router_cli.account import Account, account_options
from finding_router_cli.documents import read_text
from finding_router_cli.help_text import example
from finding_router_cli.output import print_json
from finding_router_local import TEMPLATE

FILE: Final = "slack-app-manifest.yaml"
SWITCH: Final = "SlackSigningSecretArn"
OUTPUT: Final = "ActionsUrl"


class _Change(NamedTuple):
    """Lines of the file, and those in their place where people may act from messages."""

    before: str
    after: str


_SCOPES: Final = _Change(
    """\
      # That is all it needs. With""",
    """\
      # Who presses a button: whether it is a guest, and which time zone the person's morning is in.
      - users:read
      # Whether who presses is in the channel, public or private.
      - channels:read
      - groups:read
      # That is all it needs. With""",
)
# The manifest with buttons has this scope, which others may add.
_COMMENTED_OUT: Final = "      # - channels:read     # find a public channel"
_OPTIONAL: Final = _Change(
    """\
settings:
""",
    """\
    bot_optional:
      # Whether who presses is in a user group that a route allows; an admin may decline it.
      - usergroups:read
settings:
""",
)
_BUTTONS: Final = _Change(
    """\
  # It offers no buttons, commands or events, so that Slack never calls back.
  interactivity:
    is_enabled: false
""",
    """\
  # Slack calls this address when somebody presses a button. It offers no commands or events.
  interactivity:
    is_enabled: true
    request_url: "{url}"
""",
)


@click.command(epilog=example("finding-router manifest", "finding-router manifest --json"))
@account_options
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--yaml", "form", flag_value="yaml", default=True, help="Print YAML (the default).")
def manifest(*, stack: str | None, profile: str | None, region: str | None, form: str) -> None:
    """
    Print the manifest of the Slack app.

    Paste it at https://api.slack.com/apps: Create New App, From a manifest; or, of an app that is
    there, Features, App Manifest. With --stack it is that of a deployed stack. Where its parameter
    SlackSigningSecretArn is set, people may act from messages: the manifest then has the address
    that Slack calls, and the scopes that tell who presses. New scopes take effect once the app is
    installed to the workspace again.
    """
    if stack is None and (profile or region):
        raise click.UsageError("name the stack with --stack")
    url = _url(Account(profile=profile, region=region), stack) if stack is not None else None
    text = manifest_of(url)
    if form == "json":
        from ruamel.yaml import YAML  # noqa: PLC0415 -- most print YAML, as it stands in the file

        print_json(YAML(typ="safe").load(text))
    else:
        click.echo(text, nl=False)


def manifest_of(url: str | None) -> str:
    """
    Return the manifest of an app whose buttons lead to *url*, or that has none (None).

    Raises:
        click.ClickException: The file is missing, or was changed where *url* has to be.

    """
    text = read_text(str(TEMPLATE.with_name(FILE)))
    if url is None:
        return text
    for before, after in (_SCOPES, _OPTIONAL, _BUTTONS):
        if text.count(before) != 1:
            message = (
                f"{FILE} was changed where the address has to stand; put it there by hand, as "
                f"settings.interactivity.request_url: {url}"
            )
            raise click.ClickException(message)
        text = text.replace(before, after.replace("{url}", url))
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_COMMENTED_OUT))


def _url(account: Account, stack: str) -> str | None:
    """Return the address that Slack calls; None where the stack has none."""
    outputs, parameters = account.outputs(stack), account.parameters(stack)
    if url := outputs.get(OUTPUT):
        return url
    if parameters.get(SWITCH):
        message = f"stack {stack} has no output {OUTPUT}; is its deployment over?"
        raise click.ClickException(message)
    return None
