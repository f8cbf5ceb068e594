"""The calls of AWS that tickets need: a signature by KMS, and a ticket by a connector."""

from functools import cache
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, SECURITY_HUB_CONFIG, error_code, make_client
from finding_router.errors import ConfigurationError, TicketError

_PASSING: Final = frozenset({"InternalServerException", "ThrottlingException", "ConflictException"})
_WRONG: Final = frozenset(
    {"AccessDeniedException", "ValidationException", "ResourceNotFoundException"}
)
_RETRY_SECONDS: Final = 60.0


def sign(arn: str, message: bytes) -> bytes:
    """
    Return the signature of *message* by RSASSA-PKCS1-v1_5 with SHA-256 and the key *arn* of KMS.

    Raises:
        ConfigurationError: KMS does not sign with it.

    """
    try:
        answer = _client("kms").sign(
            KeyId=arn,
            Message=message,
            MessageType="RAW",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
    except AWS_ERRORS as error:
        message_ = (
            f"{arn}: {error_code(error)} from KMS; check that the key is an RSA key to sign with, "
            "and that the function may use it"
        )
        raise ConfigurationError(message_) from error
    return bytes(answer["Signature"])


class AwsConnectors:
    """The connectors of Security Hub to Jira and ServiceNow."""

    def create(self, connector: str, finding_uid: str, token: str) -> tuple[str, str]:
        """
        Return id and URL of the ticket about a finding; the same for the same *token*.

        Raises:
            TicketError: Security Hub made none, or its answer was lost.

        """
        try:
            answer = _client("securityhub").create_ticket_v2(
                ConnectorId=connector.rpartition("/")[2],
                FindingMetadataUid=finding_uid,
                ClientToken=token,
            )
        except AWS_ERRORS as error:
            code = error_code(error)
            remedy = "check the connector in Security Hub, and that the function may use it"
            raise TicketError(
                f"{connector}: {code} from Security Hub; {remedy}",
                retry_seconds=None if code in _WRONG else _RETRY_SECONDS,
                ambiguous=code not in _WRONG | _PASSING,
            ) from error
        return str(answer["TicketId"]), str(answer["TicketSrcUrl"])


@cache
def _client(service: str) -> Any:
    return make_client(service, SECURITY_HUB_CONFIG)
