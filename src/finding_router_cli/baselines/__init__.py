"""The baseline of the day of installation: older findings are told once, and marked."""
