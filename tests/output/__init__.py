"""What is printed, and what becomes of a run when it is not."""
