"""Digests: which findings are said together, and the totals of what a thread lists."""
