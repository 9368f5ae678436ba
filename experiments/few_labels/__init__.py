"""A hundred labelled digits: what unlabelled ones add."""
