"""The subcommands of `finding-router routes`, besides `check`."""
