"""The rule language: grammar, syntax tree, typed form, formatter."""
