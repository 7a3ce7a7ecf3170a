"""The Store seam: the state of a role."""
