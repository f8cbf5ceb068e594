"""The parts of `finding-router replay`: the findings, the count of their messages, the answers."""
