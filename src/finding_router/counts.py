"""Numbers of things, as people say them."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """Give "1 finding" or "1,200 findings"; *several* where an s is not enough."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
