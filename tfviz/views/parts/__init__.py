"""Small widgets and helpers of widgets that several panels use."""
