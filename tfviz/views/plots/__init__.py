"""Plots over steps: axes, canvas, curves of a million points, heat maps, histograms."""
