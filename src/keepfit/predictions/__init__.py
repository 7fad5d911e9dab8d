"""Predictions and labels: recorded once, joined at read, counted to the row."""
