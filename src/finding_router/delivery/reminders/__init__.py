"""Reminders: alerts that are still open are said again, one by one or as a list of a channel."""
