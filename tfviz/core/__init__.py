"""The Transformer itself, in NumPy alone: tensors, operations, programs, optimisers and the gradient check."""
