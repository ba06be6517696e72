"""llama_cpp.server in a process that ends when its standard input does: it cannot outlive whoever started it.

Started by utils.local_server as a plain file, so it imports nothing of this project. The first line of standard input
holds the server's command line as a JSON array, which keeps the key out of the list of processes; the rest of it is
nothing but open. A loop that is killed with SIGKILL closes it as well, on every system that has pipes.
"""

import importlib
import json
import os
import runpy
import sys
import threading

SERVER = "llama_cpp.server"
OWN_VARIABLES = ("config_file", "host", "port")


def main() -> None:
    """Serve until standard input ends."""
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as line:
        sys.argv = [SERVER, *json.loads(line.readline())]
    threading.Thread(target=_end_with_input, daemon=True).start()
    _forget_settings()
    runpy.run_module(SERVER, run_name="__main__", alter_sys=True)


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1):  # sys.stdin.read would hold a lock that a failing interpreter cannot get
        pass
    os._exit(0)  # nothing here is worth saving


def _forget_settings() -> None:
    """Take the server's settings out of the environment: it reads each by its bare name, such as HOST, PORT or SEED."""
    settings = importlib.import_module(f"{SERVER}.settings").Settings
    names = {*settings.model_fields, *OWN_VARIABLES}
    for name in [name for name in os.environ if name.lower() in names]:
        del os.environ[name]


if __name__ == "__main__":
    main()
