"""Versioned data: what a training run saw, exactly, and how one version differs from another."""
