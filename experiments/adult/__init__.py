"""UCI Adult: predict an income, refer near-boundary cases, say what that does to groups."""
