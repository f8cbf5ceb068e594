"""Routes AWS Security Hub findings to Slack channels by a table kept in DynamoDB."""
