"""A candidate's way to champion: gates, shadow, canary, promotion, and the way back."""
