"""What a Security Hub finding is, read tolerantly from ASFF."""
