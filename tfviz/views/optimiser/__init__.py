"""The optimiser panel: norms, moments and steps of every group of parameters."""
