"""The frameworks that Leftfold is compared with, each in an environment of its own.

`python -m tools.peers install [NAME ...]` creates what is missing. The environments live in
`~/.cache/leftfold/peers` (`LEFTFOLD_PEERS` names another place) and are left alone when they
already hold the right versions.

`Worker` runs functions of a Python file inside such an environment: arguments and results
travel by pickle, so they may be NumPy arrays in any nesting.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple


class Peer(NamedTuple):
    """What to install, what to check, and the environment variables to run it with."""

    requirements: tuple[str, ...]
    versions: dict[str, str]
    variables: dict[str, str]


_KERAS = "3.15.1"
_CPU_WHEEL = "platform_machine == 'x86_64' and sys_platform == 'linux'"
_OTHER_WHEEL = "platform_machine != 'x86_64' or sys_platform != 'linux'"

PEERS = {
    "keras-jax": Peer(
        (f"keras=={_KERAS}", "jax==0.10.2"),
        {"keras": _KERAS, "jax": "0.10.2"},
        {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    ),
    "keras-tensorflow": Peer(
        (
            f"keras=={_KERAS}",
            f"tensorflow-cpu==2.21.0; {_CPU_WHEEL}",
            f"tensorflow==2.21.0; {_OTHER_WHEEL}",
        ),
        {"keras": _KERAS},
        {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    ),
    "torch": Peer(("torch==2.13.0", "numpy>=2"), {"torch": "2.13.0"}, {}),
    "onnxruntime": Peer(
        ("onnxruntime==1.24.4", "onnx==1.20.1", "numpy>=2"),
        {"onnxruntime": "1.24.4", "onnx": "1.20.1"},
        {},
    ),
}


def home() -> Path:
    """The folder that holds one environment per peer."""
    chosen = os.environ.get("LEFTFOLD_PEERS")
    return Path(chosen) if chosen else Path.home() / ".cache" / "leftfold" / "peers"


def interpreter(name: str) -> Path:
    """The Python of a peer's environment; `leftfold` is the one running now."""
    return Path(sys.executable) if name == "leftfold" else home() / name / "bin" / "python"


def installed(name: str) -> bool:
    """Whether a peer's environment exists and holds the versions asked for."""
    if name == "leftfold":
        return True
    python, wanted = interpreter(name), PEERS[name].versions
    if not python.exists():
        return False
    program = (
        "import sys; from importlib.metadata import version\n"
        "for item in sys.argv[1:]:\n"
        "    name, wanted = item.split('=')\n"
        "    assert version(name).split('+')[0] == wanted"
    )
    items = [f"{package}={number}" for package, number in wanted.items()]
    return subprocess.run([python, "-c", program, *items], capture_output=True).returncode == 0


def install(name: str) -> None:
    """Create a peer's environment, or mend it."""
    if installed(name):
        print(f"{name}: installed in {home() / name}")
        return
    print(f"{name}: installing into {home() / name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", home() / name], check=True)
    pip = [interpreter(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *PEERS[name].requirements], check=True)


class PeerError(RuntimeError):
    """A function failed inside a peer's environment."""


class Worker:
    """A process in a peer's environment that answers calls to the functions of one file.

    Args:
        name: a key of `PEERS`, or `"leftfold"` for the environment running now.
        module: the Python file whose functions can be called.
        variables: further environment variables.

    Example:
        worker = Worker("torch", Path("benchmarks/adapters/torch.py"))
        milliseconds = worker.call("time_steps", spec, 20)
    """

    def __init__(self, name: str, module: Path, variables: dict[str, str] | None = None) -> None:
        self.name = name
        settings = dict(os.environ)
        settings.pop("OPENBLAS_CORETYPE", None)  # one slow kernel for all, where it is set
        settings.pop("OPENBLAS_L2_SIZE", None)
        settings.update(PEERS[name].variables if name in PEERS else {})
        settings.update(variables or {})
        self._chatter = tempfile.TemporaryFile()  # noqa: SIM115, closed with the worker
        self._process = subprocess.Popen(
            [interpreter(name), Path(__file__).with_name("peer_worker.py"), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._chatter,
            env=settings,
        )

    def call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        """Run `function(*args, **kwargs)` over there and return what it returns."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            pickle.dump((function, args, kwargs), self._process.stdin, protocol=4)
            self._process.stdin.flush()
            succeeded, result = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError) as error:
            self._chatter.seek(0)
            said = self._chatter.read().decode(errors="replace")[-2000:]
            raise PeerError(f"{self.name}: the worker ended during {function}.\n{said}") from error
        if not succeeded:
            raise PeerError(f"{self.name}: {function} failed:\n{result}")
        return result

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._chatter.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `install` creates environments, `path` prints an interpreter."""
    parser = argparse.ArgumentParser(prog="python -m tools.peers", description=__doc__)
    parser.add_argument("action", choices=["install", "path"])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PEERS)}; all by default")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(PEERS))
    if unknown:
        parser.error(f"unknown peer {', '.join(unknown)}: expected {', '.join(PEERS)}")
    for name in chosen.names or PEERS:
        if chosen.action == "install":
            install(name)
        else:
            print(interpreter(name))


if __name__ == "__main__":
    main()
