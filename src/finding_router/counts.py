"""Counts in words."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return "1 finding" or "1,200 findings"; *several* is the plural if it is not *one* + "s"."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
