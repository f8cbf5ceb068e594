"""Numbers of things read as people say them."""

from finding_router.counts import counted


def test_counts_agree_with_their_noun() -> None:
    """One finding, several findings, and a plural that takes more than an s."""
    assert counted(1, "finding") == "1 finding"
    assert counted(1200, "finding") == "1,200 findings"
    assert counted(2, "control or type", "controls and types") == "2 controls and types"
