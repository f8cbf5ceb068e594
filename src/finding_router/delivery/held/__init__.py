"""Held findings: put aside for a schedule, active hours or a silence, and released when due."""
