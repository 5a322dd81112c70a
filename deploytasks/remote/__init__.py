"""What runs on the host: standard library only, sent as text."""
