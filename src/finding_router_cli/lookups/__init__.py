"""One finding by its id or its message: in Security Hub, and in the Ledger."""
