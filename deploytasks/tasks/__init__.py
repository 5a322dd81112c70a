"""What people type: one thin function each."""
