"""The AWS account that a command talks to, and its errors in sentences."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router_cli.options import together

if TYPE_CHECKING:
    from finding_router.aws.clients import DynamoDB

_MAX_NAMES: Final = 20
_SIGN_IN: Final = "sign in (aws sso login), name a profile with --profile, or set AWS_ACCESS_KEY_ID"
_EXPIRED: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)
_UNKNOWN_KEYS: Final = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AuthFailure",
        "MissingAuthenticationToken",
    }
)
# The starts of the names of botocore's errors about a person's sign-in.
_OF_SIGN_IN: Final = ("SSO", "UnauthorizedSSO", "TokenRetrieval", "Login")
_NO_TABLE: Final = "ResourceNotFoundException"


account_options = together(
    click.option("--stack", metavar="NAME", help="Name of the deployed stack."),
    click.option("--profile", metavar="NAME", help="Profile of the AWS CLI to sign in with."),
    click.option("--region", metavar="NAME", help="Region of the deployed stack."),
)
"""The options that choose a deployed stack and its account."""


class Account:
    """
    An account and Region of AWS, by default those of the environment.

    With *endpoint*, it is the AWS of the stack that runs on this machine.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        config: Any = None,
    ) -> None:
        """Sign in when the first client is made; *config* is botocore's, for every client."""
        self._config = config
        self._profile = profile
        self._region = region
        self._endpoint = endpoint

    @classmethod
    def of_running(cls, url: str, region: str) -> "Account":
        """Return the account of the stack that runs on this machine at *url*."""
        return cls(region=region, endpoint=url)

    @cached_property
    def session(self) -> Any:
        """Return the session of boto3, which takes a while to import."""
        import boto3  # noqa: PLC0415 -- see above

        if self._endpoint is None:
            # The AWS CLI reads AWS_REGION, which botocore does not.
            region = self._region or os.environ.get("AWS_REGION") or None
            return boto3.Session(profile_name=self._profile, region_name=region)
        return boto3.Session(
            region_name=self._region,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 -- valid only for the local stack
        )

    def client(self, service: str, **options: Any) -> Any:
        """Return a new client of *service*, with *options* of boto3's."""
        if self._endpoint is not None:
            options["endpoint_url"] = self._endpoint
        if self._config is not None:
            options.setdefault("config", self._config)
        return self.session.client(service, **options)

    def dynamodb(self) -> "DynamoDB":
        """Return the client of tables, in the form that the router's adapters take."""
        from finding_router.aws.clients import DynamoDB  # noqa: PLC0415 -- loads botocore

        shared = DynamoDB()
        shared.client = self.client("dynamodb")
        return shared

    def resources(self, stack: str) -> dict[str, tuple[str, str]]:
        """
        Return the physical id and the type of each resource of *stack*, by its logical id.

        Raises:
            click.ClickException: AWS refuses.

        """
        with self.in_sentences(stack=stack):
            paginator = self.client("cloudformation").get_paginator("list_stack_resources")
            return {
                each["LogicalResourceId"]: (
                    each.get("PhysicalResourceId", ""),
                    each["ResourceType"],
                )
                for page in paginator.paginate(StackName=stack)
                for each in page["StackResourceSummaries"]
            }

    def parameters(self, stack: str) -> dict[str, str]:
        """
        Return the parameters of *stack*.

        Raises:
            click.ClickException: AWS refuses.

        """
        given = self._described(stack).get("Parameters", [])
        return {one["ParameterKey"]: one.get("ParameterValue", "") for one in given}

    def outputs(self, stack: str) -> dict[str, str]:
        """
        Return the outputs of *stack*.

        Raises:
            click.ClickException: AWS refuses.

        """
        told = self._described(stack).get("Outputs", [])
        return {one["OutputKey"]: one["OutputValue"] for one in told}

    def _described(self, stack: str) -> dict[str, Any]:
        with self.in_sentences(stack=stack):
            [told] = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return dict(told)

    @contextmanager
    def in_sentences(self, *, table: str | None = None, stack: str | None = None) -> Iterator[None]:
        """
        Translate AWS's errors of the block, which is about *table* or *stack*.

        Raises:
            click.ClickException: AWS, or an adapter of the router, raised an error.

        """
        from finding_router.aws.clients import AWS_ERRORS  # noqa: PLC0415 -- loads botocore
        from finding_router.errors import StoreError  # noqa: PLC0415 -- beside the above

        try:
            yield
        except StoreError as error:
            cause = error.__cause__
            known = cause if isinstance(cause, AWS_ERRORS) else None
            said = self._sentence(known, table=table, stack=stack) if known else str(error)
            raise click.ClickException(said) from error
        except AWS_ERRORS as error:
            raise click.ClickException(self._sentence(error, table=table, stack=stack)) from error

    def _sentence(self, error: Exception, *, table: str | None, stack: str | None) -> str:
        """Return the fault and its remedy in one sentence."""
        match type(error).__name__:
            case "ProfileNotFound":
                wanted = self._profile or os.environ.get(
                    "AWS_PROFILE", os.environ.get("AWS_DEFAULT_PROFILE", "")
                )
                which = _which(_profiles(), "aws configure makes one")
                said = f"there is no profile {wanted}; {which}"
            case "NoRegionError":
                said = (
                    "no Region is set; name one with --region, set AWS_REGION, "
                    "or give your profile one with: aws configure set region NAME"
                )
            case "NoCredentialsError" | "PartialCredentialsError" | "NoAuthTokenError":
                said = f"no credentials for AWS were found; {_SIGN_IN}"
            case "CredentialRetrievalError":
                said = f"the credentials of your profile cannot be had ({error}); {_SIGN_IN}"
            case "EndpointConnectionError" | "InvalidRegionError":
                said = self._no_endpoint(error)
            case name if name.startswith(_OF_SIGN_IN):
                profile = f" --profile {self._profile}" if self._profile else ""
                said = f"your sign-in is over or missing ({error}); run: aws sso login{profile}"
            case name if name.endswith(
                ("TimeoutError", "ConnectionError", "ConnectionClosedError")
            ):
                said = f"AWS does not answer ({error}); check the network, and try again"
            case _:
                said = self._refusal(error, table=table, stack=stack)
        return said

    def _refusal(self, error: Exception, *, table: str | None, stack: str | None) -> str:
        """Return the sentence for an answer of AWS."""
        from finding_router.aws.clients import error_code  # noqa: PLC0415 -- loads botocore

        code, about = error_code(error), f"table {table}: " if table else ""
        if code in _EXPIRED:
            return f"{about}{code}: your credentials have expired; {_SIGN_IN}"
        if code in _UNKNOWN_KEYS:
            return f"{about}{code}: AWS does not know your credentials; {_SIGN_IN}"
        if code.startswith("AccessDenied") or code == "UnauthorizedOperation":
            return f"{about}{code}: your credentials may not do this ({error}); {_SIGN_IN}"
        if table and code == _NO_TABLE:
            which = _which(self._tables(), "perhaps it is in another Region or account")
            return f"{about}{code}: there is no such table in {self.session.region_name}; {which}"
        if stack and code == "ValidationError" and "does not exist" in str(error):
            which = _which(self._stacks(), "perhaps it is in another Region or account")
            return f"there is no stack {stack} in {self.session.region_name}; {which}"
        return f"{about}{code}: {error}"

    def _no_endpoint(self, error: Exception) -> str:
        from finding_router.lint.asff import regions  # noqa: PLC0415 -- loads botocore's data
        from finding_router.routing.patterns.mistake import did_you_mean  # noqa: PLC0415 -- rare

        region = self._region or getattr(self.session, "region_name", None) or ""
        if self._endpoint is None and region not in regions():
            return f"there is no Region {region}; {did_you_mean(region, regions())}"
        return f"AWS cannot be reached ({error}); check the network and the Region"

    def _tables(self) -> list[str] | None:
        return self._names("dynamodb", "list_tables", "TableNames[]")

    def _stacks(self) -> list[str] | None:
        return self._names("cloudformation", "describe_stacks", "Stacks[].StackName")

    def _names(self, service: str, operation: str, path: str) -> list[str] | None:
        """Return the names at *path*, a JMESPath, of an *operation*; None if AWS refuses it."""
        from finding_router.aws.clients import AWS_ERRORS  # noqa: PLC0415 -- loads botocore

        try:
            pages = self.client(service).get_paginator(operation).paginate()
            return sorted(pages.search(path))
        except AWS_ERRORS:
            return None


def _profiles() -> list[str]:
    # A new session without a profile: the environment may name the one that is not there.
    import botocore.session  # noqa: PLC0415 -- loads botocore

    config: Mapping[str, Any] = botocore.session.Session(profile="default").full_config
    return sorted(config.get("profiles", {}))


def _which(names: list[str] | None, otherwise: str) -> str:
    """Return in words which *names* there are; None if they are not known."""
    if names is None:
        return f"which there are, your credentials may not ask; {otherwise}"
    if not names:
        return f"there is none: {otherwise}"
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names[:_MAX_NAMES])}{more}"
