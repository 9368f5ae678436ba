"""Sentiment by a pretrained encoder: frozen, then fine-tuned, under the moderation rules."""
