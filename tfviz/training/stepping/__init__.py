"""Inside one step: operation by operation, gradients as they flow, updates, and reasons to stop."""
