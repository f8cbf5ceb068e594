"""How a finding looks in Slack, and how it gets there."""
