"""Items of the routing table, as people write them."""
