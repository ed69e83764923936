"""The panel of head metrics: heads by two measures, over time, and the roles they take on."""
