"""The lake: datasets, predictions and labels as Delta tables, read by Polars."""
