"""The disk that the memory lies on: how much room there is, and whether it takes what a night writes."""

import os
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from executor.doctor.findings import Finding

MB, KB = 1_000_000, 1000
ATTEMPT_BYTES = 64 * 1024
"""What one attempt leaves: measured 55 KiB on ext4, of 60 attempts of the rehearsal model (events 13, code and replies
24, views 17). A real model writes longer replies."""
FEW_ATTEMPTS = 100
PROBE_MB, LINES, LINE_BYTES = 4, 5, 4096
SLOW_LINE_S = 0.5
MAKE_ROOM = "make room, or choose another disk with --memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much has to be free: less than `least_bytes` is a problem, less than `enough_bytes` a warning."""

    enough_bytes: int = 1000 * MB
    least_bytes: int = 200 * MB

    @classmethod
    def above(cls, reserve_mb: int) -> "Room":
        """For a run that ends once less than the reserve (MiB) is free."""
        return cls(least_bytes=max(cls().least_bytes, reserve_mb * 2**20 + FEW_ATTEMPTS * ATTEMPT_BYTES))


def space(folder: Path, room: Room | None = None) -> Finding:
    """Whether there is room for a night."""
    room = room or Room()
    try:
        free = shutil.disk_usage(standing(folder)).free
    except OSError as error:
        return Finding("disk space", "problem", f"{folder}: {error.strerror}", "choose another folder with --memory")
    said = f"{free / MB:,.0f} MB are free at {folder}, enough for about {free // ATTEMPT_BYTES:,} attempts"
    if free < room.least_bytes:
        return Finding("disk space", "problem", said, f"{MAKE_ROOM}: {room.least_bytes / MB:,.0f} MB have to be free")
    if free < room.enough_bytes:
        return Finding("disk space", "warning", said, MAKE_ROOM)
    return Finding("disk space", "ok", said)


def writing(folder: Path) -> Finding:
    """Whether a file can be written there and is on the disk afterwards, and how long that takes."""
    try:
        with tempfile.NamedTemporaryFile(dir=standing(folder), prefix=".doctor-") as stream:
            bulk_s = _synced(stream, PROBE_MB * MB)
            line_s = statistics.median(_synced(stream, LINE_BYTES) for _ in range(LINES))
    except OSError as error:
        return Finding("disk", "problem", f"a probe file at {folder}: {error.strerror}", f"{MAKE_ROOM}; or permissions")
    said = f"wrote {PROBE_MB} MB at {PROBE_MB / bulk_s:,.0f} MB/s; one event takes {line_s * 1000:.1f} ms to be safe"
    if line_s > SLOW_LINE_S:
        return Finding("disk", "warning", said, "it is slow: choose a disk of this machine with --memory")
    return Finding("disk", "ok", said)


def standing(folder: Path) -> Path:
    """The folder, or the closest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _synced(stream: IO[bytes], size: int) -> float:
    """Seconds until so many bytes were on the disk."""
    started = time.perf_counter()
    stream.write(os.urandom(size))
    stream.flush()
    os.fsync(stream.fileno())
    return max(time.perf_counter() - started, 1e-9)
