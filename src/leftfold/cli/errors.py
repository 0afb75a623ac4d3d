"""How the command line ends when it does not end well."""

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


class UserError(Exception):
    """Something the user can mend. The message is one line that says how."""
