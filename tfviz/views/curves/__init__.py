"""The panels of scalars over time: losses and accuracies with their branches, and gradient norms."""
