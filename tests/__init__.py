"""A package, so that `tests` is ours even where a dependency installs one of its own."""
