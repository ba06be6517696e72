"""The seed of a memory: kept in a file that only its owner can read."""

import os
from pathlib import Path

from utils.errors import InputError, StorageFault
from utils.files import sync_folder
from utils.ids import new_seed


def seed_of(folder: Path, wanted: int | None) -> int:
    """The seed of this memory; made and kept if it has none yet.

    Raises:
        InputError: the memory was begun with another seed than the wanted one, or its file is damaged.
        StorageFault: the file cannot be written.
    """
    path = folder / "seed"
    if path.exists():
        known = _read(path)
        if wanted is not None and wanted != known:
            raise InputError(f"--seed: {folder} was begun with another seed; leave it out, or choose another --memory")
        return known
    seed = new_seed() if wanted is None else wanted
    _write(path, seed)
    return seed


def _read(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} does not hold a seed; bring it back from a copy ({error})") from error


def _write(path: Path, seed: int) -> None:
    temporary = path.with_name(".seed.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{seed}\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StorageFault(f"cannot write {path}: {error.strerror}") from error
