"""Runs looked at afterwards: `python -m research.runs list|show|compare|plot DIR...`."""

from research.runs.compare import compare
from research.runs.plot import curves_html, curves_png
from research.runs.run import Run, find_runs, read_run

__all__ = ["Run", "compare", "curves_html", "curves_png", "find_runs", "read_run"]
