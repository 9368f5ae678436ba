"""Decision tables in CSV and YAML: their rows become ordinary rules and derived values."""

from rules.tables.reading import SUFFIXES, read_table, rule_text, table_text

__all__ = ["SUFFIXES", "read_table", "rule_text", "table_text"]
