"""Attention as a picture, a page or a film."""
