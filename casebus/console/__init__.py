"""The web console of one agency's node: pages for its desk, on top of one door, the desk service."""
