"""The main job, on real hosts."""
