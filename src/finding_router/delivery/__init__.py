"""What has been said about a finding, and what is still to say."""
