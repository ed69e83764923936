"""What the heads of attention do: entropies, roles, and what is lost without them."""
