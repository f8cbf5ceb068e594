"""Presses of buttons: the endpoint that Slack calls, and the worker that does what they ask."""
