"""Data: sources, tables, features, splits and batches."""
