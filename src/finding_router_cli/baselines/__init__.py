"""The baseline of the day of installation: what was there before is told once, and marked."""
