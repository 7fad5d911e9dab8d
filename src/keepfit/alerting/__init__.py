"""Incidents: opened, updated and resolved once per cause, and sent where people look."""
