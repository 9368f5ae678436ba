"""Published weights in this package's own modules."""
