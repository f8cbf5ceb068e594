"""Complete messages: cards, digests, thread replies and notices."""
