"""
The fault matrix: every trouble, at each step, with each kind of message.

``python -m faults.matrix`` runs it on the embedded stack and prints its table.
"""
