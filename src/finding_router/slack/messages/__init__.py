"""Whole messages: cards, digests, threads and notices."""
