"""One folder per experiment: what to build, with which numbers, under which rules."""
