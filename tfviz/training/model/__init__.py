"""Models that are built, run without training, saved and loaded."""
