"""Witnesses over the bus: the hub asks, each agency follows the ledger's tree by itself, and answers."""
