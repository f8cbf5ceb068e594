"""The worker of presses: decides, changes alerts and findings, and answers the person."""
