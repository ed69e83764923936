"""The attention panel: the atlas of all heads, and the head that is looked at."""
