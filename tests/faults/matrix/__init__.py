"""
The fault matrix: everything that can go wrong, at each step, with each thing that is said.

``python -m faults.matrix`` runs it on the embedded stack and prints its table.
"""
