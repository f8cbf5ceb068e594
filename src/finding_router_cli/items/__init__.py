"""The items of the routing table, as commands read and write them."""
