"""Fault injection on the embedded stack: the matrix of faults and steps, and the soak."""
