"""The door for adapters: what a document becomes."""
