"""Jane Austen: a language model, rules for what it may write, and a gate for what it wrote."""
