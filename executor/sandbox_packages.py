"""Packages that code may import beside the standard library, where the sandbox's Python is one of this machine.

They are those of that very Python (`python3-numpy` of Debian for /usr/bin/python3, or what its own pip installed), not
of the environment that the loop runs in. With any package asked for, all that lies beside it can be imported.
"""

import json
import subprocess
from functools import cache

from utils.errors import SandboxFault

FIND_S = 30.0
_FIND = """
import importlib.metadata, importlib.util, json, sys
def there(name):
    try:
        return bool(importlib.util.find_spec(name.replace("-", "_")) or importlib.metadata.distribution(name))
    except (ImportError, ValueError):
        return False
print(json.dumps([name for name in sys.argv[1:] if not there(name)]))
"""


def python_flags(packages: tuple[str, ...]) -> tuple[str, ...]:
    """What an agent's Python is started with: jobs, forked from it, find packages only if it looked for them.

    Looking takes some hundredths of a second, so it looks only where packages are asked for.
    """
    return ("-s",) if packages else ("-s", "-S")


def require_packages(python: str, packages: tuple[str, ...]) -> None:
    """Nothing, if this Python has them all.

    Raises:
        SandboxFault: it lacks some; names them and it.
    """
    if packages and (lacking := _lacking(python, packages)):
        raise SandboxFault(
            f"{python}, in which jobs run, has no {', '.join(lacking)} (BT_SANDBOX_PACKAGES): install it for that "
            "Python, or use Docker, whose image is built with it"
        )


@cache
def _lacking(python: str, packages: tuple[str, ...]) -> tuple[str, ...]:
    try:
        ran = subprocess.run(
            [python, "-s", "-c", _FIND, *packages], capture_output=True, text=True, timeout=FIND_S, check=True
        )
        return tuple(json.loads(ran.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise SandboxFault(f"{python} cannot be asked for its packages: {error}") from error
