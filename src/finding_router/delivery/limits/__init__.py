"""Limits of a run: the pace of Slack, broken channels, and the time that is left."""
