"""The commands of the command line, a module each: configure(parser) says its options, run(arguments) does it.

A module imports what costs time (NumPy, Qt) when it runs, not before: `--help` reads them all.
"""
