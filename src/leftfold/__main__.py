"""`python -m leftfold` is the same as `leftfold`; with a script, as `leftfold run`."""

import sys

from leftfold.cli import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(["run", *arguments] if arguments and arguments[0].endswith(".py") else arguments)
