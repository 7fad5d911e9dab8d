"""Predictions and labels that other servers made: their events and files as the frames of keepfit's own log."""
