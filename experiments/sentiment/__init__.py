"""Sentiment of short texts: a recurrent network reads, rules publish, hold or escalate."""
