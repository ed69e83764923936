"""What is kept of a run: its scalars, its record in memory and file, and the library of unsaved runs."""
