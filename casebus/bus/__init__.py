"""The bus: the Log seam and what runs on it."""
