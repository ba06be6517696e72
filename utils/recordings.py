"""Replies kept in a file and given again: `record` around any model, `replay:FILE` instead of one.

One JSON object per line: schema_version, digest, request, reply. Two requests are the same if everything in them is:
messages, sampling, seed and schema. The unit that asks does not count and is not kept. Faults are not recorded, so a
replay has none.
"""

import hashlib
import json
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Literal, Self

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from utils.completions import Completion, Model, Reply
from utils.errors import InputError, ModelRefused, StorageFault
from utils.text import well_formed

_MAX_LINE = 64 * 1024 * 1024
"""A longer line is none of ours: a device, or another kind of file."""
_FIRST_BYTES = b'{"digest":"'  # keys are sorted


class Recording(BaseModel):
    """One line of a file of recordings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    digest: str
    """Of the request, see `request_digest`."""
    request: Completion
    reply: Reply

    @model_validator(mode="after")
    def _digest_fits(self) -> Self:
        if self.digest != request_digest(self.request):
            raise ValueError("the digest does not fit the request")
        return self


def request_digest(request: Completion) -> str:
    """SHA-256, as 64 hexadecimal digits, of all but the unit: the same for equal requests, in every process."""
    plain = _asked(request) | {"temperature": float(request.temperature), "top_p": float(request.top_p)}
    return hashlib.sha256(_json(plain)).hexdigest()


def _asked(request: Completion) -> dict[str, Any]:
    """Everything in a request but who asks."""
    return {name: value for name, value in asdict(request).items() if name != "unit"}


def _json(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return well_formed(text).encode()


class Recorder:
    """Passes every completion on to a model and keeps each reply, on disk before it is handed out.

    Safe to use from several threads; one process at a time may write to a file.

    Args:
        model: whom to ask.
        path: the file to append to; made if it is not there. A torn last line in it is cut off, with a notice.

    Raises:
        InputError: there is something else than recordings in the file.
        StorageFault: the file cannot be written.
    """

    def __init__(self, model: Model, path: Path) -> None:
        self._model, self._path = model, path
        self._lock = threading.Lock()
        self._stream = self._open()

    @property
    def name(self) -> str:
        """The name of the model that is recorded."""
        return self._model.name

    def complete(self, completion: Completion) -> Reply:
        """The model's reply, once it is on disk.

        Raises:
            ModelFault: the model gave none.
            StorageFault: it could not be written.
        """
        reply = self._model.complete(completion)
        line = _json(
            {
                "schema_version": 1,
                "digest": request_digest(completion),
                "request": _asked(completion),
                "reply": asdict(reply),
            }
        )
        with self._lock:
            self._append(line + b"\n")
        return reply

    def close(self) -> None:
        """Close the file; the model is the caller's to close."""
        self._stream.close()

    def _open(self) -> IO[bytes]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            stream = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        with ExitStack() as unless_whole:
            unless_whole.callback(stream.close)
            stream.truncate(_whole_bytes(self._path))
            unless_whole.pop_all()
        return stream

    def _append(self, line: bytes) -> None:
        end = self._stream.seek(0, os.SEEK_END)
        try:
            written = self._stream.write(line)
            if written != len(line):
                raise OSError(None, "the disk is full")  # noqa: TRY301  a short write is the same trouble
            os.fsync(self._stream.fileno())
        except OSError as error:
            self._stream.truncate(end)  # no torn line in the middle, should it be tried again
            raise _unwritable(self._path, error) from error


class ReplayModel:
    """Answers from a file of recordings: the k-th time that a request is made gets its k-th recorded reply.

    Safe to use from several threads.

    Args:
        path: a file that a Recorder wrote. A torn last line is left out, with a notice.

    Raises:
        InputError: there is no such file, or it is damaged before its last line; names the line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._replies: dict[str, deque[Reply]] = {}
        self._asked: dict[str, int] = {}
        for _, recording in _read(path):
            self._replies.setdefault(recording.digest, deque()).append(recording.reply)

    @property
    def name(self) -> str:
        """Says that it is a replay, and of which file."""
        return f"replay:{self._path.name}"

    def complete(self, completion: Completion) -> Reply:
        """The next recorded reply to this request.

        Raises:
            ModelRefused: the file has none, or no more.
        """
        digest = request_digest(completion)
        with self._lock:
            left = self._replies.get(digest)
            if left:
                self._asked[digest] = self._asked.get(digest, 0) + 1
                return left.popleft()
            used = self._asked.get(digest, 0)
        raise ModelRefused(
            f"{self._path} has {f'only {used} replies' if used else 'no reply'} to this request ({digest[:12]});"
            " replay with the task, settings and seed of the recorded run, or record it anew"
        )


def _read(path: Path) -> Iterator[tuple[int, Recording]]:
    """The recordings in a file, each with the offset of the byte behind it.

    Raises:
        InputError: there is no such file, or it is damaged before its last line.
    """
    end = 0
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(_MAX_LINE), b""), start=1):
                recording = _parse(path, number, line)
                if recording is None:
                    structlog.get_logger().warning("recording.torn", path=str(path), line=number, size=len(line))
                    return
                end += len(line)
                yield end, recording
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; give a file of recordings") from error


def _parse(path: Path, number: int, line: bytes) -> Recording | None:
    """The recording in a line; None for one that a crash may have torn.

    Raises:
        InputError: it is something else.
    """
    if not line.endswith(b"\n") and len(line) < _MAX_LINE:
        return None
    try:
        return Recording.model_validate_json(line)
    except ValidationError as error:
        what = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
    raise InputError(f"{path}, line {number} is no recording ({what}); restore the file or record it anew")


def _whole_bytes(path: Path) -> int:
    """How long the file is without a torn last line; refuses to shorten a file that is none of recordings."""
    end = max((end for end, _ in _read(path)), default=0)
    with path.open("rb") as stream:
        start = stream.read(len(_FIRST_BYTES))
    if not _FIRST_BYTES.startswith(start):
        raise InputError(f"{path} is no file of recordings; give another name")
    return end


def _unwritable(path: Path, error: OSError) -> StorageFault:
    return StorageFault(f"cannot write {path}: {error.strerror}; make room or correct its permissions")
