"""Read models: the health of every model, now."""
