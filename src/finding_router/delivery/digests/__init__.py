"""Digests: which findings are listed together, and the totals of a thread's lines."""
