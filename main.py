"""Starts tfviz from a fresh checkout: python3 main.py [command ...].

The same program as the installed `tfviz` command, and one command more: `test`. Where packages are missing,
tfviz.launcher makes an environment in .venv first. This file alone keeps to a syntax that every Python reads, to
say which one is needed.
"""

import sys

if sys.version_info < (3, 11):
    here = ".".join(str(number) for number in sys.version_info[:2])
    sys.stderr.write(
        "tfviz: Python 3.11 or newer is needed, this is " + here + " (" + sys.executable + ").\n"
    )
    sys.exit(2)


if __name__ == "__main__":
    from tfviz import blas, launcher

    arguments = sys.argv[1:]
    blas.use_one_thread()
    launcher.prepare(arguments)  # comes back only where this interpreter has what the command needs
    if arguments[:1] == ["test"]:
        sys.exit(launcher.run_checks(arguments[1:]))

    from tfviz.app.command_line import main

    sys.exit(main(arguments))
