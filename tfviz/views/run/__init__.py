"""The run panel: the fields of a configuration."""
