"""
The rules of an alert: pure, without a clock, a store or Slack.

`identity` names alerts, `alert` holds one item of the Ledger, `advance` decides about events, and
`ledger` is the port of the store.
"""
