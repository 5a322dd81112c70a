"""rsync: a directory there holds exactly what one here holds."""
