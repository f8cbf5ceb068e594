"""Config's layout."""

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.config import lay_out


def test_rule_and_verdict_are_shown() -> None:
    """The rule of the account's owners, and its verdict."""
    fields = {
        "aws/config/ConfigRuleName": "volumes-are-encrypted",
        "aws/config/ConfigComplianceType": "NON_COMPLIANT",
    }

    assert dict(lay_out(make_finding({"ProductFields": fields})).facts) == {
        "Config rule": "`volumes-are-encrypted`",
        "Verdict": "non compliant",
    }


def test_without_fields_nothing_is_added() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()
