"""Telling officers outside of the console that an alert waits: a webhook, e-mail. Reference and link, never more."""
