"""Which channels a finding goes to, and why."""
