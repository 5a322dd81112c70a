"""environments/*.env become an Environment, or every problem with its file and line."""
