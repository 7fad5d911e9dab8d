"""Whether to train a new version, on what, and why not."""
