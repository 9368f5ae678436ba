"""Rule sets beside rule engines, databases and plain code."""
