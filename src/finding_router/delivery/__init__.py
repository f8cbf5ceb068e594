"""The delivery of findings: posted messages, and those that are still to post."""
