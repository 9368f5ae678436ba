"""What the experiments with labelled pictures share: accept, ask a person, or reject."""
