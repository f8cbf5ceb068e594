"""The event-pattern language: one pattern at a time, and many at once."""
