"""The calls of AWS for tickets: signatures of KMS, tickets of connectors, secrets as texts."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from faults.twins import in_ocsf
from finding_router.aws import ticket_calls, token
from finding_router.aws.ticket_calls import AwsConnectors, sign
from finding_router.aws.token import fetch_text
from finding_router.errors import ConfigurationError, TicketError
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault
from hub_events import raw_finding

CONNECTOR = "arn:aws:securityhub:us-east-1:123456789012:connectorv2/0a1b"


@pytest.fixture(autouse=True)
def _new_worker(aws_environment: AwsServer) -> Iterator[None]:
    """Forget clients and cached values, as a new worker does."""
    ticket_calls._client.cache_clear()
    token._client.cache_clear()
    token._CACHE.clear()
    yield
    ticket_calls._client.cache_clear()
    token._client.cache_clear()
    token._CACHE.clear()


@pytest.fixture
def finding(aws: AwsServer) -> str:
    """Return the `metadata.uid` of a finding that AWS Security Hub has."""
    uid = aws.security_hub.v2.load(in_ocsf(raw_finding()))
    assert uid is not None
    return str(uid)


def test_kms_signs_as_github_verifies(aws: AwsServer) -> None:
    """By PKCS #1 v1.5 with SHA-256, of the message itself."""
    kms = aws.client("kms")
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])

    signature = sign(key["Arn"], b"a.b")
    public.verify(signature, b"a.b", padding.PKCS1v15(), SHA256())
    signed = public.recover_data_from_signature(signature, padding.PKCS1v15(), SHA256())

    assert hashlib.sha256(b"a.b").digest() == signed


def test_a_key_that_is_not_there_is_a_mistake() -> None:
    """It says what to check."""
    with pytest.raises(ConfigurationError, match="from KMS; check that the key"):
        sign("arn:aws:kms:us-east-1:123456789012:key/1", b"x")


def test_a_connector_makes_one_ticket_for_a_token(finding: str) -> None:
    """A call that comes again gets the same."""
    connectors = AwsConnectors()

    first = connectors.create(CONNECTOR, finding, "t1")

    assert ("SEC-1", "https://0a1b.example.com/browse/SEC-1") == first
    assert first == connectors.create(CONNECTOR, finding, "t1")
    assert "SEC-2" == connectors.create(CONNECTOR, finding, "t2")[0]


def test_a_finding_that_is_gone_is_not_tried_again() -> None:
    """Nor is a connector that the function may not use."""
    with pytest.raises(TicketError) as caught:
        AwsConnectors().create(CONNECTOR, "gone", "t")

    assert "ResourceNotFoundException" in str(caught.value)
    assert (None, False) == (caught.value.retry_seconds, caught.value.ambiguous)


def test_a_connector_that_does_not_answer_is_asked_again(aws: AwsServer, finding: str) -> None:
    """With the same token, so that it may be made."""
    code = "InternalServerException"
    aws.faults.add(Fault(effect=Effect.ERROR, operation="CreateTicketV2", times=9, code=code))

    with pytest.raises(TicketError) as caught:
        AwsConnectors().create(CONNECTOR, finding, "t")

    assert caught.value.retry_seconds is not None


def test_any_text_may_be_a_secret(aws: AwsServer) -> None:
    """It is cached unless a fresh one is asked for."""
    client = aws.client("secretsmanager")
    arn = client.create_secret(Name="github", SecretString="ghp_1")["ARN"]

    assert "ghp_1" == fetch_text(arn, fresh=False)
    client.put_secret_value(SecretId=arn, SecretString="ghp_2")

    assert "ghp_1" == fetch_text(arn, fresh=False)
    assert "ghp_2" == fetch_text(arn, fresh=True)
