"""A host with secrets that a job attacks: prints as JSON which attacks got through, and what became of the host.

python -m tests.executor.landlock_host KIND VERSION, as the user whose jobs shall attack it.
"""

import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

from executor.landlock_sandbox import LandlockSandbox
from executor.process_sandbox import ProcessSandbox
from executor.run_code import run_code
from executor.sandbox import Limits

LIMITS = Limits(wall_s=15.0, cpu_s=5.0, memory_mb=256, file_mb=8)
ATTACKS = r"""
import ctypes, fcntl, json, os, signal, socket, time

libc = ctypes.CDLL(None, use_errno=True)
host, folder, secret = FACTS["pid"], FACTS["folder"], FACTS["secret"]

def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return True

def opened(path, flags):
    os.close(os.open(path, flags))
    return True

def linked():
    os.symlink(secret, "link")
    return open("link").read()

def signalled_by_a_file():
    incoming, outgoing = os.pipe()
    fcntl.fcntl(incoming, 10, int(signal.SIGUSR2))
    fcntl.fcntl(incoming, fcntl.F_SETOWN, host)
    fcntl.fcntl(incoming, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(outgoing, b"x")  # whether it arrives, only the host can tell

def vector(size):
    return (ctypes.c_ulong * 2)(ctypes.addressof(ctypes.create_string_buffer(size)), size)

def connected(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.connect(address)
    return True

def datagram_through_a_pair():
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendto(b"x", FACTS["datagrams"])

def changed(act):
    before = os.stat(secret)
    act()
    after = os.stat(secret)
    return (before.st_mode, before.st_mtime_ns) != (after.st_mode, after.st_mtime_ns)

ATTEMPTS = {
    "read": lambda: open(secret).read(),
    "list": lambda: os.listdir(folder) is not None,
    "read through a symlink": linked,
    "hard link": lambda: os.link(secret, "hard") is None,
    "read /etc/passwd": lambda: open("/etc/passwd").read(),
    "read another's command line": lambda: open("/proc/1/cmdline").read() is not None,
    "read the host's environment": lambda: open(f"/proc/{host}/environ", "rb").read(),
    "open the host's memory": lambda: opened(f"/proc/{host}/mem", os.O_RDWR),
    "read the host's memory": lambda: checked(libc.process_vm_readv(host, vector(8), 1, vector(8), 1, 0)),
    "append": lambda: opened(secret, os.O_WRONLY | os.O_APPEND),
    "truncate": lambda: os.truncate(FACTS["spare"], 0) is None,
    "truncate by reading": lambda: opened(FACTS["spare"], os.O_RDONLY | os.O_TRUNC),
    "truncate by neither": lambda: opened(FACTS["spare"], 3 | os.O_TRUNC),
    "create": lambda: opened(folder + "/new", os.O_WRONLY | os.O_CREAT),
    "create beside its own folder": lambda: opened("../builder-trainer-planted", os.O_WRONLY | os.O_CREAT),
    "create in /dev/shm": lambda: opened("/dev/shm/builder-trainer-planted", os.O_WRONLY | os.O_CREAT),
    "make a folder": lambda: os.mkdir(folder + "/sub") is None,
    "chmod": lambda: changed(lambda: os.chmod(secret, 0o777)),
    "utime": lambda: changed(lambda: os.utime(secret, (1, 1))),
    "setxattr": lambda: os.setxattr(secret, "user.planted", b"x") is None,
    "watch": lambda: checked(libc.inotify_init1(0)),
    "renice": lambda: os.setpriority(os.PRIO_PROCESS, host, 1) is None,
    "kill": lambda: os.kill(host, signal.SIGUSR1) is None,
    "kill by descriptor": lambda: signal.pidfd_send_signal(os.pidfd_open(host), signal.SIGUSR1) is None,
    "kill a thread": lambda: checked(libc.syscall(FACTS["tgkill"], host, host, int(signal.SIGUSR1))),
    "signal by a file": signalled_by_a_file,
    "TCP": lambda: connected(socket.AF_INET, ("127.0.0.1", FACTS["port"])),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)).close() is None,
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
    "abstract socket": lambda: connected(socket.AF_UNIX, "\0" + FACTS["abstract"]),
    "pathname socket": lambda: connected(socket.AF_UNIX, FACTS["socket"]),
    "datagram through a pair": datagram_through_a_pair,
    "queue": lambda: checked(libc.mq_open(b"/builder-trainer-planted", os.O_RDWR | os.O_CREAT, 0o600, None)),
    "delete": lambda: os.unlink(FACTS["spare"]) is None,
}
reached, said = [], {}
for name, attempt in ATTEMPTS.items():
    try:
        if attempt():
            reached.append(name)
    except OSError as error:
        said[name] = error.errno
time.sleep(0.1)
open("left", "w").write("for the next job")
print(json.dumps({"reached": reached, "said": said, "work": os.getcwd(), "uid": os.getuid()}))
"""


def listening(family: int, kind: int, address: tuple[str, int] | str) -> socket.socket:
    server = socket.socket(family, kind)
    server.bind(address)
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


def attacked(kind: str, version: int, folder: Path) -> dict[str, object]:
    """What one job with all the attacks got, and how the host fared."""
    secret, spare = folder / "secret", folder / "spare"
    secret.write_text("canary", encoding="utf-8")
    spare.write_text("canary", encoding="utf-8")
    signals: list[int] = []
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, lambda number, _: signals.append(number))
    abstract = f"builder-trainer-{os.getpid()}"
    with (
        listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)) as tcp,
        listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
        listening(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "socket")),
        listening(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagrams")),
    ):
        facts = {
            "pid": os.getpid(), "folder": str(folder), "secret": str(secret), "spare": str(spare),
            "port": tcp.getsockname()[1], "abstract": abstract, "socket": str(folder / "socket"),
            "datagrams": str(folder / "datagrams"), "tgkill": {"x86_64": 234}.get(os.uname().machine, 131),
        }  # fmt: skip
        sandbox = ProcessSandbox() if kind == "process" else LandlockSandbox(version=version)
        result = run_code(sandbox, f"FACTS = {facts!r}\n{ATTACKS}", limits=LIMITS)
        sandbox.close()
    if result.exit_code != 0:
        raise RuntimeError(f"{result.status}: {result.stderr.text} {result.detail}")
    found = json.loads(result.stdout.text)
    return {**found, "signals": sorted(set(signals)), "secret": secret.read_text(encoding="utf-8"),
            "work left": Path(found["work"]).exists(), "own uid": os.getuid(), "gaps": sandbox.tier.gaps}  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as private:
        sys.stdout.write(json.dumps(attacked(sys.argv[1], int(sys.argv[2]), Path(private))))
