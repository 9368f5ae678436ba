"""One module per command, each with `add(subparsers)`.

`add` makes its parser and sets `run`, a function of the parsed arguments that returns the exit
code. Modules import what they work with inside `run`: all of them are read to print a usage.
"""
