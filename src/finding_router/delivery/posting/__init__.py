"""Posting: one loop that makes every call to Slack that writes, and the steps of each task."""
