"""The `finding-router` command."""
