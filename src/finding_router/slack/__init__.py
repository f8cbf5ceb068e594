"""Slack messages for findings, and the client that posts them."""
