# MUST: exit, only in isolation. Opens and makes devices, looks for sockets of engines, and for privileges to win.
# ruff: noqa: PTH110, PTH116, PTH123, PTH207, SIM115, T201
# mypy: ignore-errors
import glob
import os
import socket
import stat

for path in ("/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vda", "/dev/sda", "/dev/port"):
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        print("BREACH", path)
    except OSError:
        pass
for kind, device in ((stat.S_IFBLK, os.makedev(254, 0)), (stat.S_IFCHR, os.makedev(1, 1))):
    try:
        os.mknod("device", kind | 0o666, device)
        print("BREACH mknod")
    except OSError:
        pass
for path in (
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/dbus/system_bus_socket",
):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print("BREACH", path)
    except OSError:
        pass
try:
    facts = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
except OSError:
    facts = {}
for name, wanted in (("CapEff", 0), ("CapPrm", 0), ("CapAmb", 0), ("NoNewPrivs", 1), ("Seccomp", 2)):
    if name in facts and int(facts[name], 16) != wanted:
        print("BREACH", name, facts[name])
for path in glob.glob("/usr/bin/*"):
    if os.path.exists(path) and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
        try:
            if not os.statvfs(path).f_flag & os.ST_NOSUID and facts.get("NoNewPrivs", "1") != "1":
                print("BREACH", path)
        except OSError:
            pass
print("end")
