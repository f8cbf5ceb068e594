"""The items of the routing table, parsed and validated."""
