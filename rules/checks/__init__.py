"""Checks of a rule set before it ships."""
