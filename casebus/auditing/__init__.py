"""The auditor's index: what a ledger's records say, searchable, rebuildable from the archive, and never trusted."""
