"""Handwritten digits without labels: what is no digit is not read."""
