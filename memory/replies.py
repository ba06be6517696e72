"""Replies of the model, kept the moment they are whole, so that none is asked for twice."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from memory.attempts import FROZEN
from utils.completions import Completion, Finish, Model, Reply, Usage
from utils.files import json_text, sha256_hex, write_atomically
from utils.text import well_formed


class StoredReply(BaseModel):
    """A reply as it came, with the digest of what was asked."""

    model_config = FROZEN

    schema_version: Literal[1] = 1
    request_sha256: str
    text: str
    reasoning: str
    finish: Finish
    model: str
    wall_s: float
    prompt_tokens: int
    completion_tokens: int
    estimated: bool

    def as_reply(self) -> Reply:
        """The reply."""
        usage = Usage(
            prompt_tokens=self.prompt_tokens, completion_tokens=self.completion_tokens, estimated=self.estimated
        )
        return Reply(
            text=self.text,
            reasoning=self.reasoning,
            finish=self.finish,
            usage=usage,
            model=self.model,
            wall_s=self.wall_s,
        )


class RememberingModel:
    """Answers the calls of one unit, from its folder as far as they were answered before, else from the model.

    Calls are numbered in the order in which they are made. A stored reply counts only if exactly the same was asked;
    otherwise it is replaced, for then the verdict that led to it came out differently.
    """

    def __init__(self, model: Model, folder: Path, *, received: Callable[[Reply], None] | None = None) -> None:
        """`received` is told of each reply that really came from the model."""
        self._model, self._folder, self._received = model, folder, received
        self._calls = 0

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    def complete(self, completion: Completion) -> Reply:
        """The reply, kept on disk before it is returned; the same now and when it is read back.

        Raises:
            ModelFault: the model is away.
            StorageFault: the reply could not be kept.
        """
        path = self._folder / f"reply-{self._calls}.json"
        self._calls += 1
        digest = request_digest(completion)
        known = _read(path)
        if known is not None and known.request_sha256 == digest:
            return known.as_reply()
        stored = _stored(self._model.complete(completion), digest)
        write_atomically(path, json_text(stored.model_dump(mode="json")).encode())
        reply = stored.as_reply()
        if self._received is not None:
            self._received(reply)
        return reply


def request_digest(completion: Completion) -> str:
    """SHA-256 of everything that is asked; which unit asks is no part of it."""
    asked = {name: value for name, value in asdict(completion).items() if name != "unit"}
    return sha256_hex(json.dumps(asked, sort_keys=True, default=dict).encode())


def _stored(reply: Reply, digest: str) -> StoredReply:
    return StoredReply(
        request_sha256=digest,
        text=well_formed(reply.text),
        reasoning=well_formed(reply.reasoning),
        finish=reply.finish,
        model=well_formed(reply.model),
        wall_s=round(reply.wall_s, 6),
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=reply.usage.completion_tokens,
        estimated=reply.usage.estimated,
    )


def _read(path: Path) -> StoredReply | None:
    try:
        return StoredReply.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
