"""Durable work: a job that was asked for is done once, whatever crashes in between."""
