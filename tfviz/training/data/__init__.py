"""Pairs of sentences: read from files, split, and put into batches."""
