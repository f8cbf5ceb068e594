"""The checks of `finding-router doctor`."""
