"""Every operation that the router calls works with the layer's botocore, and over TLS."""

import datetime as dt
import ipaddress
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from finding_router.aws import clients
from finding_router_local import TEMPLATE
from finding_router_local.aws import CREDENTIALS, AwsServer
from finding_router_local.build import Built, has_sam
from finding_router_local.organization import put_accounts
from hub_events import raw_finding

# Makes the calls that it is given, each [service, operation, arguments], with what Lambda has.
CALLER = """
import json, sys
from botocore.exceptions import ClientError
from botocore.session import Session

session, clients, answers = Session(), {}, []
for service, operation, arguments in json.load(sys.stdin):
    client = clients.setdefault(service, session.create_client(service))
    try:
        if client.can_paginate(operation):
            answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
        else:
            answer = getattr(client, operation)(**arguments)
    except ClientError as error:
        answer = {"error": type(error).__name__}
    answer.pop("ResponseMetadata", None)
    answers.append(answer)
print(json.dumps(answers, default=str))
"""
HUB_KEYS = ("ProductArn", "Id")
KEY = {"finding": {"S": "a"}, "channel": {"S": "#b"}}
OTHER = {"finding": {"S": "a"}, "channel": {"S": "#c"}}


@pytest.mark.skipif(
    not has_sam(TEMPLATE.parent), reason="the SAM CLI is not here: `make build` installs it"
)
def test_every_operation_works_with_the_layers_botocore(
    aws_environment: AwsServer, make_table: Callable[..., str], built: Built
) -> None:
    """Written, read, refused: as the adapters call them."""
    aws = aws_environment
    make_table("ledger", "finding", "channel")
    secret = aws.client("secretsmanager").create_secret(Name="slack", SecretString="xoxb-1")["ARN"]
    aws.client("ssm").put_parameter(Name="/slack", Value="xoxb-2", Type="SecureString")
    queue = aws.client("sqs").create_queue(QueueName="findings")["QueueUrl"]
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")
    [message] = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    finding = raw_finding("one")
    aws.security_hub.load(finding)
    key = {name: finding[name] for name in HUB_KEYS}
    table = {"TableName": "ledger"}
    unless_there = {
        "ConditionExpression": "attribute_not_exists(finding)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    refused = {"ConditionExpression": "attribute_not_exists(finding)"}
    by_name = {
        "KeyConditionExpression": "finding = :finding",
        "ExpressionAttributeValues": {":finding": {"S": "a"}},
    }
    counted = {
        "UpdateExpression": "ADD tries :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValues": "ALL_NEW",
    }

    answers = call(
        aws,
        built,
        ("dynamodb", "put_item", {**table, "Item": KEY}),
        ("dynamodb", "put_item", {**table, "Item": KEY, **unless_there}),
        ("dynamodb", "update_item", {**table, "Key": KEY, **counted}),
        (
            "dynamodb",
            "batch_write_item",
            {"RequestItems": {"ledger": [{"PutRequest": {"Item": OTHER}}]}},
        ),
        ("dynamodb", "batch_get_item", {"RequestItems": {"ledger": {"Keys": [OTHER]}}}),
        ("dynamodb", "query", {**table, **by_name}),
        ("dynamodb", "delete_item", {**table, "Key": OTHER}),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [{"Put": {**table, "Item": KEY, **refused}}]},
        ),
        ("secretsmanager", "get_secret_value", {"SecretId": secret}),
        ("ssm", "get_parameter", {"Name": "/slack", "WithDecryption": True}),
        (
            "sqs",
            "send_message_batch",
            {"QueueUrl": queue, "Entries": [{"Id": "0", "MessageBody": "{}"}]},
        ),
        (
            "sqs",
            "change_message_visibility_batch",
            {
                "QueueUrl": queue,
                "Entries": [
                    {
                        "Id": "0",
                        "ReceiptHandle": message["ReceiptHandle"],
                        "VisibilityTimeout": 9,
                    }
                ],
            },
        ),
        (
            "securityhub",
            "batch_update_findings",
            {"FindingIdentifiers": [key], "Workflow": {"Status": "NOTIFIED"}},
        ),
        (
            "securityhub",
            "get_findings",
            {"Filters": {"Id": [{"Value": "one", "Comparison": "EQUALS"}]}},
        ),
    )

    tried = {**KEY, "tries": {"N": "1"}}
    [*_, cancelled, secret_value, parameter, sent, changed, marked, found] = answers
    assert {} == answers[0]
    assert {"error": "ConditionalCheckFailedException"} == answers[1]
    assert tried == answers[2]["Attributes"]
    assert {} == answers[3]["UnprocessedItems"]
    assert [OTHER] == answers[4]["Responses"]["ledger"]
    assert [tried, OTHER] == answers[5]["Items"]
    assert {} == answers[6]
    assert {"error": "TransactionCanceledException"} == cancelled
    assert "xoxb-1" == secret_value["SecretString"]
    assert "xoxb-2" == parameter["Parameter"]["Value"]
    assert ["0"] == [each["Id"] for each in sent["Successful"]]
    assert [{"Id": "0"}] == changed["Successful"]
    assert [key] == marked["ProcessedFindings"]
    assert "NOTIFIED" == found["Findings"][0]["Workflow"]["Status"]
    assert finding["Title"] == found["Findings"][0]["Title"]


@pytest.mark.skipif(
    not has_sam(TEMPLATE.parent), reason="the SAM CLI is not here: `make build` installs it"
)
def test_every_operation_of_organizations_works_with_the_layers_botocore(
    aws_environment: AwsServer, built: Built
) -> None:
    """As the wake-up calls them."""
    account = "111122223333"
    put_accounts(
        aws_environment, [{"id": account, "name": "Payments", "ou": "Prod", "tags": {"a": "b"}}]
    )
    listed, tags, parents = call(
        aws_environment,
        built,
        ("organizations", "list_accounts", {}),
        ("organizations", "list_tags_for_resource", {"ResourceId": account}),
        ("organizations", "list_parents", {"ChildId": account}),
    )
    unit = parents["Parents"][0]["Id"]
    [described] = call(
        aws_environment,
        built,
        ("organizations", "describe_organizational_unit", {"OrganizationalUnitId": unit}),
    )

    assert account in {each["Id"] for each in listed["Accounts"]}
    assert [{"Key": "a", "Value": "b"}] == tags["Tags"]
    assert "Prod" == described["OrganizationalUnit"]["Name"]


def call(aws: AwsServer, built: Built, *calls: tuple[str, str, dict[str, Any]]) -> list[Any]:
    """Return the answers to *calls* that a process with nothing but the layer gets."""
    run = subprocess.run(
        [sys._base_executable, "-S", "-c", CALLER],  # type: ignore[attr-defined]  # not a venv's
        input=json.dumps(calls),
        env={
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": aws.url,
            "PYTHONPATH": str(built.layer / "python"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == run.returncode, run.stderr
    answers: list[Any] = json.loads(run.stdout)
    return answers


class _Aws(BaseHTTPRequestHandler):
    """A service that answers nothing but yes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def tls_server(folder: Path, *, name: str = "127.0.0.1") -> Iterator[tuple[str, Path]]:
    """Serve on loopback with a certificate for *name*; yield the address and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative: x509.GeneralName = (
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    )
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = HTTPServer(("127.0.0.1", 0), _Aws)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", file
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def new_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Forget sessions and certificates, before and after."""
    caches = (clients._session, clients._ssl_context, clients._load_certificates)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    for cache in caches:
        cache.cache_clear()
    yield monkeypatch
    for cache in caches:
        cache.cache_clear()


def put(service: str = "dynamodb") -> None:
    """Make a client, and a call with it that is not tried again."""
    client = clients.make_client(
        service, clients.CONFIG.merge(clients.Config(retries={"total_max_attempts": 1}))
    )
    client.put_item(TableName="ledger", Item=KEY)
    client.close()


def test_all_clients_share_the_certificates(new_worker: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They are read once, whatever number of clients connects."""
    with tls_server(tmp_path) as (url, certificate):
        new_worker.setenv("AWS_ENDPOINT_URL", url)
        new_worker.setenv("AWS_CA_BUNDLE", str(certificate))
        put()
        put()

    assert (1, 1) == (
        clients._load_certificates.cache_info().misses,
        clients._load_certificates.cache_info().hits,
    )


def test_server_that_nobody_vouches_for_is_refused(
    new_worker: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The bundle that botocore brings along does not know it."""
    with tls_server(tmp_path) as (url, _):
        new_worker.setenv("AWS_ENDPOINT_URL", url)

        with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            put()


def test_server_of_another_name_is_refused(new_worker: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A certificate that is known is for its own name alone."""
    with tls_server(tmp_path, name="example.com") as (url, certificate):
        new_worker.setenv("AWS_ENDPOINT_URL", url)
        new_worker.setenv("AWS_CA_BUNDLE", str(certificate))

        with pytest.raises(SSLError, match="doesn't match"):
            put()


def test_no_certificates_are_read_without_tls(
    aws_environment: AwsServer, make_table: Callable[..., str], new_worker: pytest.MonkeyPatch
) -> None:
    """They take 20 ms of CPU."""
    new_worker.setenv("AWS_ENDPOINT_URL", aws_environment.url)
    make_table("ledger", "finding", "channel")

    put()

    assert 0 == clients._load_certificates.cache_info().currsize
