"""Arrays in, numbers out: profiles, distances, null distributions, intervals, multiple testing."""
