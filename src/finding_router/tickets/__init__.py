"""Tickets about findings: where they are made, what they say, and when they are closed."""
