"""How good predictions were: losses as sums that add up over windows, servers and slices."""
