"""Tickets: where those of a route go, and when a route makes one."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainValidator
from pydantic import ValidationInfo as Info

from finding_router.findings.finding import Severity
from finding_router.routing.items.reading import (
    AS_WRITTEN,
    Item,
    check_count,
    one_of,
    read_list,
    read_name,
    whole,
)
from finding_router.routing.patterns.mistake import MistakeError, did_you_mean, shown

CONNECTOR: Final = "connector"
"""The name that stands for a connector of Security Hub, given by its ARN."""
API_URL: Final = "https://api.github.com"
TITLE: Final = "[{severity}] {title}"
PLACEHOLDERS: Final = (
    "title",
    "severity",
    "account",
    "account_id",
    "region",
    "product",
    "control",
    "resource",
)
ANY: Final = "*"
"""The key of the assignees of findings that no other key fits."""
# https://docs.github.com/rest/issues/issues#create-an-issue: ten at most.
MAX_ASSIGNEES: Final = 10
MAX_LABELS: Final = 20
# The length of a label's name, which GitHub refuses beyond it.
MAX_LABEL_CHARS: Final = 50
MAX_TITLE_CHARS: Final = 256
MAX_REOPEN_DAYS: Final = 3_650
MAX_RULES: Final = 200

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
_LOGIN = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})(?:\[bot\])?)")
_SECRET = re.compile(r"arn:[a-z-]+:(?:secretsmanager|ssm):\S+")
_KEY = re.compile(r"arn:[a-z-]+:(?:secretsmanager|ssm|kms):\S+")
_CONNECTOR = re.compile(r"arn:[a-z-]+:securityhub:\S+")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# A token goes there, hence https; http only to this machine.
_BASE_URL = re.compile(
    r"https://[^\s/@?#]+(?:/[^\s@?#]*)?|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?"
)
_ARN_EXAMPLE: Final = (
    "write the ARN of a secret of Secrets Manager or of a parameter of Systems Manager"
)
_CONNECTOR_EXAMPLE: Final = "copy it from Security Hub's page of integrations"


class When(StrEnum):
    """The occasion on which a route makes a ticket."""

    CLICK = "click"
    """A person presses the button."""
    ALWAYS = "always"
    """The finding is posted."""


def _matching(
    pattern: re.Pattern[str], what: str, remedy: str, *, is_optional: bool = False
) -> PlainValidator:
    """Return a validator of texts that *pattern* matches; *what* the text is not, otherwise."""

    def read(written: object) -> str | None:
        if written is None and is_optional:
            return None
        text = written.strip() if isinstance(written, str) else ""
        if pattern.fullmatch(text):
            return text
        problem = f"is {shown(written)}, which is no {what}" if text else f"is {shown(written)}"
        raise MistakeError(problem, remedy)

    return PlainValidator(read)


def _base_url(written: object) -> str:
    text = written.strip().rstrip("/") if isinstance(written, str) else ""
    if _BASE_URL.fullmatch(text):
        return text
    problem = f"is {shown(written)}"
    raise MistakeError(
        problem, 'write an https address such as "https://github.example.com/api/v3"'
    )


def _labels(written: object) -> tuple[str, ...]:
    labels = read_list(written, '["security"]')
    check_count(labels, MAX_LABELS)
    return tuple(dict.fromkeys(map(_label, labels)))


def _label(written: object) -> str:
    text = written.strip() if isinstance(written, str) else ""
    if text and len(text) <= MAX_LABEL_CHARS and text.isprintable() and "," not in text:
        return text
    problem = f"has {shown(written)}, which is no label"
    remedy = f"write texts of at most {MAX_LABEL_CHARS} characters, without commas"
    raise MistakeError(problem, remedy)


type Assignees = Mapping[str, tuple[str, ...]]
"""Logins by "TAG=VALUE", the tag of a resource or an account, or by `ANY`."""


def _assignees(written: object) -> Assignees:
    if not isinstance(written, dict):
        return {ANY: _logins(written)}
    check_count(written, MAX_RULES)
    for key in written:
        tag, sign, value = str(key).partition("=")
        if key != ANY and not (tag.strip() and sign and value.strip()):
            problem = f"has {shown(key)}, which is no tag with a value"
            remedy = 'write keys such as "team=payments", and "*" for all other findings'
            raise MistakeError(problem, remedy)
    return {_tag(str(key)): _logins(logins) for key, logins in written.items()}


def _tag(written: str) -> str:
    tag, sign, value = written.partition("=")
    return f"{tag.strip()}{sign}{value.strip()}"


def _logins(written: object) -> tuple[str, ...]:
    logins = read_list(written, '["octocat"], or a map of tags')
    check_count(logins, MAX_ASSIGNEES, noun="people, which GitHub does not take")
    return tuple(dict.fromkeys(map(_login, logins)))


def _login(written: object) -> str:
    if isinstance(written, str) and (found := _LOGIN.fullmatch(written.strip())):
        return found[1]
    problem = f"has {shown(written)}, which is no login"
    raise MistakeError(problem, 'write the login of a person in GitHub, such as "octocat"')


def _title(written: object) -> str:
    text = written.strip() if isinstance(written, str) else ""
    if not text or len(text) > MAX_TITLE_CHARS or not text.isprintable():
        problem = f"is {shown(written)}"
        remedy = f'write one line of at most {MAX_TITLE_CHARS} characters, such as "{TITLE}"'
        raise MistakeError(problem, remedy)
    for placeholder in _PLACEHOLDER.findall(text):
        is_tag = placeholder.startswith("tag:") and placeholder != "tag:"
        if placeholder not in PLACEHOLDERS and not is_tag:
            problem = f'has the unknown placeholder "{{{placeholder}}}"'
            known = [f"{{{each}}}" for each in (*PLACEHOLDERS, "tag:KEY")]
            raise MistakeError(problem, did_you_mean(f"{{{placeholder}}}", known))
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        problem = f"is {shown(written)}"
        raise MistakeError(problem, "close every { with a }, as in {severity}")
    return text


def _number(written: object) -> str:
    """Return an id of GitHub, which people write as a number or as a text."""
    value = whole(written)
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not isinstance(value, bool) and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        return text
    problem = f"is {shown(written)}"
    raise MistakeError(problem, "copy the number from the settings of the app in GitHub")


class App(BaseModel):
    """A GitHub App, installed where the repository is; *key* signs for it."""

    model_config = AS_WRITTEN

    app_id: Annotated[str, PlainValidator(_number)]
    installation_id: Annotated[str, PlainValidator(_number)]
    key: Annotated[
        str,
        _matching(
            _KEY,
            "ARN of a key",
            "write the ARN of a secret or parameter with the private key, or of a key of KMS",
        ),
    ]


def _app(app: App | None, info: Info) -> App | None:
    # An invalid token is reported as such, without a further mistake here.
    if "token" not in info.data:
        return app
    has_token = info.data["token"] is not None
    if has_token and app is not None:
        raise MistakeError("is there beside a token", "keep the one or the other")
    if not has_token and app is None:
        problem = "is missing, and so is a token"
        raise MistakeError(problem, f'{_ARN_EXAMPLE} as "token", or describe an app')
    return app


class GitHub(BaseModel):
    """A repository of GitHub, and how its issues look; *base_url* is the address of the API."""

    model_config = AS_WRITTEN

    repository: Annotated[
        str, _matching(_REPOSITORY, "repository", 'write owner and name, as in "acme/infra"')
    ]
    base_url: Annotated[str, PlainValidator(_base_url)] = API_URL
    labels: Annotated[tuple[str, ...], PlainValidator(_labels)] = ()
    assignees: Annotated[Assignees, PlainValidator(_assignees)] = Field(default_factory=dict)
    title: Annotated[str, PlainValidator(_title)] = TITLE
    token: Annotated[
        str | None, _matching(_SECRET, "ARN of a secret", _ARN_EXAMPLE, is_optional=True)
    ] = None
    app: Annotated[App | None, AfterValidator(_app)] = Field(default=None, validate_default=True)


class Connector(BaseModel):
    """A connector of Security Hub to Jira or ServiceNow."""

    model_config = AS_WRITTEN

    arn: Annotated[str, _matching(_CONNECTOR, "ARN of a connector", _CONNECTOR_EXAMPLE)]


def _ticket_name(written: str) -> str:
    if written.strip() == CONNECTOR:
        problem = f'is "{CONNECTOR}", which routes write for a connector of Security Hub'
        raise MistakeError(problem, "write another name")
    return read_name(written)


def _connector(connector: Connector | None, info: Info) -> Connector | None:
    if "github" not in info.data:
        return connector
    is_github = info.data["github"] is not None
    if is_github and connector is not None:
        raise MistakeError("is there beside github", "make it an item of its own")
    if not is_github and connector is None:
        problem = "is missing, and so is github"
        raise MistakeError(problem, 'write github, a map with "repository" and "token"')
    return connector


def _reopen_days(written: int) -> int:
    if 0 <= written <= MAX_REOPEN_DAYS:
        return written
    problem = f"is {shown(written)}"
    raise MistakeError(problem, f"write a number of days from 0 to {MAX_REOPEN_DAYS:,}")


class Ticket(Item):
    """
    Where tickets go: to a repository of GitHub, or by a connector of Security Hub.

    With *close_on_end* the end of a finding closes its ticket. A return within *reopen_days* of
    that opens it again, a later one makes another.
    """

    kind: Literal["ticket"] = "ticket"
    name: Annotated[str, AfterValidator(_ticket_name)]
    github: GitHub | None = None
    connector: Annotated[Connector | None, AfterValidator(_connector)] = Field(
        default=None, validate_default=True
    )
    close_on_end: bool = True
    reopen_days: Annotated[int, BeforeValidator(whole), AfterValidator(_reopen_days)] = 30

    @classmethod
    def of_connector(cls, arn: str) -> "Ticket":
        """Return the ticket of a route that names a connector by its *arn*."""
        return cls.model_construct(name=CONNECTOR, connector=Connector.model_construct(arn=arn))


def _arn(arn: str | None, info: Info) -> str | None:
    to = info.data.get("to")
    if to == CONNECTOR and arn is None:
        problem = f'is missing, though to is "{CONNECTOR}"'
        raise MistakeError(problem, _CONNECTOR_EXAMPLE)
    if to not in {CONNECTOR, None} and arn is not None:
        problem = "is there, though to names a ticket of the table"
        raise MistakeError(problem, f'set to to "{CONNECTOR}", or leave the arn out')
    return arn


class RouteTicket(BaseModel):
    """
    The tickets of a route: those of the item *to*, made on the occasion *when*.

    With "always" that is for severities from *least* up. If *to* is `CONNECTOR`, *arn* names it.
    """

    model_config = AS_WRITTEN

    to: Annotated[str, AfterValidator(read_name)]
    when: Annotated[When, one_of(When)] = When.CLICK
    least: Annotated[Severity, one_of(Severity)] = Field(
        default=Severity.INFORMATIONAL, alias="from"
    )
    arn: Annotated[
        str | None,
        _matching(_CONNECTOR, "ARN of a connector", _CONNECTOR_EXAMPLE, is_optional=True),
        AfterValidator(_arn),
    ] = Field(default=None, validate_default=True)

    @property
    def target(self) -> str:
        """Return the name of the item, or the ARN of the connector."""
        return self.arn or self.to

    def is_due(self, severity: Severity) -> bool:
        """Return True if a finding of *severity* gets a ticket once it is posted."""
        return self.when is When.ALWAYS and severity.rank >= self.least.rank


REMEDIES: Final[Mapping[str, str]] = {
    "github": 'write a map such as {"repository": "acme/infra", "token": "arn:aws:…"}',
    "github.repository": 'write owner and name, as in "acme/infra"',
    "github.token": _ARN_EXAMPLE,
    "github.app": 'write a map such as {"app_id": 1, "installation_id": 2, "key": "arn:aws:…"}',
    "github.app.app_id": "copy the number from the settings of the app in GitHub",
    "github.app.installation_id": "copy the number at the end of the installation's address",
    "github.app.key": "write the ARN of a secret with the private key, or of a key of KMS",
    "connector": 'write a map such as {"arn": "arn:aws:securityhub:…"}',
    "connector.arn": _CONNECTOR_EXAMPLE,
    "close_on_end": "make it the Boolean true or false, without quotes",
    "reopen_days": "make it a whole number of days such as 30",
    "ticket": 'write a map such as {"to": "platform"}',
    "ticket.to": "write the name of an item of the kind ticket",
    "ticket.arn": _CONNECTOR_EXAMPLE,
}
"""Remedies by dotted attribute, as `finding_router.routing.items.route` has them."""
OWNERS: Final[Mapping[str, tuple[str, type[BaseModel]]]] = {
    "ticket.github": ("github", GitHub),
    "ticket.github.app": ("an app", App),
    "ticket.connector": ("a connector", Connector),
    "route.ticket": ("the ticket of a route", RouteTicket),
}
"""The owners of unknown attributes, as `finding_router.routing.items.route` has them."""


def of_table(tickets: Mapping[str, Ticket], wanted: RouteTicket) -> Ticket | None:
    """Return the ticket that a route wants; None if *tickets* have none of that name."""
    if wanted.arn is not None:
        return Ticket.of_connector(wanted.arn)
    return tickets.get(wanted.to)


def unknown(wanted: RouteTicket, tickets: Mapping[str, Any]) -> tuple[str, str]:
    """Return problem and remedy of a route whose ticket is not among *tickets*."""
    problem = f'is "{wanted.to}", which is no ticket of the table'
    remedy = did_you_mean(wanted.to, tickets) if tickets else "add an item of the kind ticket"
    return problem, remedy
