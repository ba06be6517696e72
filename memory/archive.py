"""Where the replies and the code of an attempt are kept."""

from pathlib import Path

from utils.errors import InputError
from utils.files import file_stem, read_bounded

MAX_CODE_BYTES = 1024 * 1024


def attempt_folder(memory: Path, task_id: str, number: int) -> Path:
    """The folder of the number-th attempt at a task."""
    return memory / "code_archive" / file_stem(task_id) / f"attempt-{number:04d}"


def code_of_turn(folder: Path, name: str) -> str | None:
    """The code that a turn left in the folder of its attempt; None if it is not there any more, or cannot be read."""
    try:
        data = read_bounded(folder / Path(name).name, limit=MAX_CODE_BYTES, what="the code")
    except InputError:
        return None
    return data.decode("utf-8", "replace")
