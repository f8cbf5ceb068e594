"""The short id of a finding."""

import pytest

from finding_router.findings.short_id import short_id

UUID = "5A3C10de-0b7c-4f1e-9d2a-3f6f0c1d2e3f"


@pytest.mark.parametrize(
    ("finding_id", "expected"),
    [
        (f"arn:aws:securityhub:eu-west-1:123456789012:security-control/EC2.19/{UUID}", "5a3c10de"),
        (UUID, "5a3c10de"),
        (f"arn:aws:guardduty:x/finding/{'1bf4e8c3' * 4} ", "1bf4e8c3"),
        (f"AWS_EC2/arn/{'ab12' * 16}", "ab12ab12"),
    ],
)
def test_it_is_the_beginning_of_the_hash_that_ends_the_id(finding_id: str, expected: str) -> None:
    """A part of the Id, so that a wildcard finds it."""
    assert expected == short_id(finding_id)


@pytest.mark.parametrize(
    "finding_id",
    ["tg-1", "prowler-s3_bucket-123456789012", "x" * 40, f"{UUID}/1", "0" * 31, "", "ü"],
)
def test_else_it_is_made_of_the_whole_id(finding_id: str) -> None:
    """An account's twelve digits, or a number, would be the same for many."""
    made = short_id(finding_id)

    assert 8 == len(made)
    assert set(made) <= set("0123456789abcdef")
    assert made not in finding_id
    assert made != short_id(f"{finding_id} ")
