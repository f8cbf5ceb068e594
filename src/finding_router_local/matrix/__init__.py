"""
The fault matrix: everything that can go wrong, at each step, with each thing that is said.

``python -m finding_router_local.matrix`` runs it on the embedded stack and prints its table.
"""
