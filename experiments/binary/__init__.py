"""What experiments that predict a yes or no share: figures, baselines, the model's section."""
