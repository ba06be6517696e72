"""`python -m utils.rehearsal`: the rehearsal model as an OpenAI-compatible server."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from memory.known_tasks import as_known
from memory.task_sources import built_in_curriculum, load_tasks
from utils.errors import InputError
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.server import RehearsalServer
from utils.rehearsal.worlds import truths_of

MAX_PORT = 65535
MAX_LATENCY_S = 600


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, exit code 2."""
        _refuse(message)


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit code: 0, or 2 after one line about what is wrong."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        with _server(options) as server:
            _say(f"{server.url} serves a SIMULATED model for rehearsals, not a language model. Ctrl-C ends it.")
            server.serve_forever(poll_interval=0.1)
    except InputError as error:
        _refuse(str(error))
    except KeyboardInterrupt:
        return 0
    return 0


def _server(options: argparse.Namespace) -> RehearsalServer:
    truths = truths_of(options.truths)
    if options.latency is not None:
        truths = truths.model_copy(update={"latency_s": options.latency})
    tasks = [task for path in options.tasks for task in load_tasks(path)] or built_in_curriculum()
    model = RehearsalModel([as_known(task) for task in tasks], truths, options.seed)
    try:
        return RehearsalServer(model, options.host, options.port)
    except OSError as error:
        raise InputError(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m utils.rehearsal", description=__doc__, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=1234, help="0 takes a free one; the address is printed")
    parser.add_argument("--tasks", type=Path, nargs="+", default=[], metavar="FILE", help="in place of the curriculum")
    parser.add_argument(
        "--truths",
        type=Path,
        default=None,
        metavar="FILE",
        help="in place of the shipped truths.toml; `null`: nothing learned has an effect",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed gives another night in the same world")
    parser.add_argument("--latency", type=_latency, default=None, metavar="S", help="seconds before every answer")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and {MAX_PORT}")
    return port


def _latency(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= MAX_LATENCY_S:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {MAX_LATENCY_S} seconds")
    return seconds


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    raise SystemExit(2)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
