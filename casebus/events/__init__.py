"""What an event is."""
