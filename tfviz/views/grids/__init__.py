"""Grids of cells: how a number becomes a colour or a mark, axes with tokens, pointing at a cell."""
