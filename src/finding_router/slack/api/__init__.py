"""The Web API of Slack: calls, and errors for its refusals."""
