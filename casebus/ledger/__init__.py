"""The tamper-evident log (C2SP)."""
