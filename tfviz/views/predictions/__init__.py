"""The predictions panel: target and answer as chips, and what else might have come."""
