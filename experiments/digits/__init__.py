"""Handwritten digits: read numbers with a check digit, decide which readings to trust."""
