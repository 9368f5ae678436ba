"""The rule language: grammar, syntax tree, typed form, formatter.

The package itself is empty, so that reading `ir` does not load the parser; what people use
(`load`, `parse`, `format_text`) is in `rules`.
"""

__all__: list[str] = []
