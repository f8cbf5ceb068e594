"""The embedded stack: AWS and Slack on this machine, to try and test the router."""
