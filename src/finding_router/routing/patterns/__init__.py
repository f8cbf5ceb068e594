"""EventBridge event patterns: a single pattern, and an index of many."""
