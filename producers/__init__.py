"""One module per agency: translation only. Not for outsiders to import."""
