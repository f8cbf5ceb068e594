"""Adapters to AWS, one service a file."""
