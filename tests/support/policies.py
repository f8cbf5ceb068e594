"""The names and statements that the tests of several roles expect."""

from collections.abc import Callable
from typing import Any

from botocore.session import get_session

type Resolve = Callable[..., dict[str, Any]]
type Statements = dict[str, dict[str, Any]]

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
TOKEN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-token-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/slack/token"
HUB = "arn:aws:securityhub:eu-west-1:123456789012:hub/default"
HUB_V2 = "arn:aws:securityhub:eu-west-1:123456789012:hubv2/*"
ASFF = "securityhub:ASFFSyntaxPath/"
OCSF = "securityhub:OCSFSyntaxPath/"
UPDATE = "securityhub:BatchUpdateFindings"
# The paths of BatchUpdateFindings's members that nothing may change. Lists and maps are named in
# both ways that AWS's own policies name them in; a path that Security Hub does not know denies
# nothing.
DENIED_PATHS = {
    "Confidence",
    "Criticality",
    "RelatedFindings",
    "RelatedFindings.Id",
    "RelatedFindings.ProductArn",
    "Severity.Label",
    "Severity.Normalized",
    "Severity.Product",
    "Types",
    "UserDefinedFields.key",
    "UserDefinedFields.value",
    "VerificationState",
}
# The statements that several roles have.
WRITE_OWN_LOG = {
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "<RouterLogGroup.Arn>",
}
READ_ROUTES = {"Action": "dynamodb:Query", "Resource": "<RoutingTable.Arn>"}
KEEP_LEDGER = {
    "Action": [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    ],
    "Resource": "<Ledger.Arn>",
}
READ_SLACK_TOKEN = {"Action": "secretsmanager:GetSecretValue", "Resource": TOKEN}
READ_FINDINGS = {"Action": "securityhub:GetFindings", "Resource": [HUB, HUB_V2]}
# The statements about a customer's own key.
DECRYPT_STORED = {
    "Action": "kms:Decrypt",
    "Resource": KEY,
    "Condition": {
        "StringEquals": {
            "kms:ViaService": [
                "dynamodb.eu-west-1.amazonaws.com",
                "lambda.eu-west-1.amazonaws.com",
                "sqs.eu-west-1.amazonaws.com",
            ]
        }
    },
}
ENCRYPT_MESSAGES = {
    "Action": "kms:GenerateDataKey",
    "Resource": KEY,
    "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}},
}
ENCRYPT_TABLES = {
    "Action": ["kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    "Resource": KEY,
    "Condition": {"StringEquals": {"kms:ViaService": "dynamodb.eu-west-1.amazonaws.com"}},
}


def allowed_to(role: str, resolve: Resolve, **values: str) -> Statements:
    """Return the statements of *role* by their Sid; all of them allow something."""
    policies = resolve(**values)[role]["Policies"]
    found = [dict(each) for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    assert {"Allow"} == {each.pop("Effect") for each in found}
    return {each.pop("Sid"): each for each in found}


def updatable_members() -> set[str]:
    """Return the members of BatchUpdateFindings, as botocore knows them."""
    model = get_session().get_service_model("securityhub")
    return set(model.operation_model("BatchUpdateFindings").input_shape.members)
