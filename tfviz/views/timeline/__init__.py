"""The timeline across the window, the exact step, and how fast the past is replayed."""
