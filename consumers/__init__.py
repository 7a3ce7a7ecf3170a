"""One thin module per consumer. Not for outsiders to import."""
