"""Duplicate-suspect detection, pure."""
