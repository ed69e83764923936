"""The head in stages: from query and key to weighted values, and their gradients."""
