"""Which layout a finding gets."""

import pytest

from factories import make_finding
from finding_router.slack import layouts
from finding_router.slack.layouts import generic, guardduty, iam_access_analyzer, lay_out


@pytest.mark.parametrize(
    ("product", "module"),
    [
        ("GuardDuty", guardduty),
        ("IAM Access Analyzer", iam_access_analyzer),
        ("Somebody's Scanner", generic),
        ("", generic),
        ("../guardduty", generic),
        ("finding_router.errors", generic),
        ("x" * 500, generic),
    ],
)
def test_the_product_names_its_layout(product: str, module: object) -> None:
    """A product's name finds the module of that name in the package, and nothing beside it."""
    assert layouts._layout(product).__module__ == getattr(module, "__name__", None)


def test_the_layout_is_applied_to_the_finding() -> None:
    """The message has the parts that the layout returns."""
    detail = lay_out(make_finding({"Confidence": 90}))

    assert detail.small_print == ("confidence 90 of 100",)
