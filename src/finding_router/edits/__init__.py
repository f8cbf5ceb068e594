"""The answer to an edit of the routing table: what changed, whether it is valid, and its effect."""
