"""Any step again, and other futures from it: keyframes, recomputation, branches and edits."""
