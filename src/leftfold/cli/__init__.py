"""The command line: `leftfold demo`, `leftfold run`, `leftfold data`, `leftfold inspect`, ..."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from leftfold.cli.errors import INTERRUPTED, MISUSED, UserError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process.

    What the user can mend ends in one line on stderr and exit code 2, Ctrl-C in exit code 130.
    Only faults of Leftfold itself show a traceback.

    Args:
        arguments: what follows `leftfold`; those of the process by default.
    """
    from leftfold.cli.app import app
    from leftfold.datasets.files import DatasetError

    try:
        code = app(
            args=None if arguments is None else list(arguments),
            prog_name="leftfold",
            standalone_mode=False,
        )
    except (UserError, DatasetError) as error:
        print(f"leftfold: {error}", file=sys.stderr)
        code = MISUSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # a mistake in the arguments, by typer's class of the day
        if not hasattr(error, "format_message"):
            raise
        message = " ".join(error.format_message().split())
        print(f"leftfold: {message} See {_command_path(error)} --help.", file=sys.stderr)
        code = MISUSED
    sys.exit(code if isinstance(code, int) else 0)


def _command_path(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "leftfold"
