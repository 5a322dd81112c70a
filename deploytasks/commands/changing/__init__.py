"""What commands that change hosts share: locks, the way back, the closing table."""
