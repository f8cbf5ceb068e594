"""The routing table: the channels of a finding, and the reasons."""
