"""What each command does, from a Plan to a Report."""
