"""Consumer credit: predict default, decide by a lending policy."""
