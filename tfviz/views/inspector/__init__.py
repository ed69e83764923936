"""The inspector: any tensor, where a cell came from, its formula, and a check by hand."""
