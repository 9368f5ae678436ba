"""Training of small networks: ours, plain flax, PyTorch and Keras from the same weights."""
