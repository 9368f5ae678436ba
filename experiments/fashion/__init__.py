"""Fashion-MNIST: which kind of garment, and when to ask a person."""
