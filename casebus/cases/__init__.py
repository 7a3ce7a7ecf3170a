"""Conflicts, alerts, disclosure: pure rules."""
