"""Slack's Web API: the client, and the translation of its errors."""
