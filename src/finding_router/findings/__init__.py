"""Security Hub findings, parsed tolerantly from ASFF."""
