"""A guideline on cholesterol, checked patient by patient against its CLIPS original."""
