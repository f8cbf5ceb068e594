"""Building blocks of messages and layouts."""
