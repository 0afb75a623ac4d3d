"""The other end of `tools.peers.Worker`: runs inside a peer's environment, imports only it.

Reads pickled calls from standard input and writes pickled results to standard output; whatever
the framework prints goes to standard error.
"""

import os
import pickle
import runpy
import sys
import traceback


def serve(module: str) -> None:
    """Answer calls to the functions of the file `module` until standard input ends."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    functions = None
    while True:
        try:
            name, args, kwargs = pickle.load(requests)
        except EOFError:
            return
        try:
            if functions is None:
                functions = runpy.run_path(module)
            answer = (True, functions[name](*args, **kwargs))
        except Exception:
            answer = (False, traceback.format_exc())
        pickle.dump(answer, answers, protocol=4)
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
