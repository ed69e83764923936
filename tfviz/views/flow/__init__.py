"""The gradient flow panel: the architecture drawn with what flows through it."""
