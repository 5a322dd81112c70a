"""Everything that is printed: progress meanwhile, tables, reports and JSON afterwards."""
