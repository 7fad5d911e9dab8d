"""Performance before the labels have come: estimated from scores or features, checked against labels when they come."""
