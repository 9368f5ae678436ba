"""MNIST: which digit, and when to ask a person."""
