"""Turns what goes wrong in a command into one clear line and an exit code."""

import io
import os
import sys
from typing import Any

import structlog
import typer
from typer.exceptions import TyperException

from utils.errors import BuilderTrainerError, InputError, MemoryDamaged
from utils.text import printable

EXIT_FAULT, EXIT_INPUT, EXIT_INTERRUPTED, EXIT_SIGTERM = 1, 2, 130, 143


def run_command(app: typer.Typer) -> int:
    """Run the command line that the process was given; the exit code.

    0 is success; 1 a fault of the machine (disk, sandbox, model); 2 something that a person gave is wrong.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what a terminal cannot show is no reason to fail
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout belongs to the answer
    try:
        result: Any = app(standalone_mode=False)
        sys.stdout.flush()  # a closed pipe shows here, not while the interpreter ends
    except TyperException as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return _say(message, EXIT_INPUT)
    except (InputError, MemoryDamaged) as error:
        return _say(str(error), EXIT_INPUT)
    except BuilderTrainerError as error:
        return _say(str(error), EXIT_FAULT)
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # the reader of a pipe has gone, e.g. `| head`; nobody is to be told, nor by the interpreter when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAULT
    return result if isinstance(result, int) else 0


def _say(message: str, code: int) -> int:
    line = printable(" ".join(message.split()))
    sys.stderr.write(f"error: {line}\n")
    return code
