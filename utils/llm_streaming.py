"""A model's answer put together from what a server sends: server-sent events, or one JSON body.

Reads what is meant and leaves out the rest: servers send role-only chunks, `choices: null`, chunks with usage only,
`message` where `delta` belongs, fields of their own. What cannot be read at all is a fault that may pass.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from utils.completions import Usage
from utils.llm_errors import Complaint, Passing, Rejected, Trouble, complaint_within
from utils.text import well_formed

_LINE_ROOM = 1024 * 1024
"""A chunk may be this much longer than the reply may be: names, logprobs, escapes."""


class Draft:
    """An answer while it comes in.

    Attributes:
        finish: the server's finish_reason, empty until it gave one.
        model: the name that the server gave itself, empty until it gave one.
        usage: the server's count of tokens, None if it sent none.
        pieces: how many pieces with text in them came; most servers send one for each token.
        done: whether the server said that nothing more comes.
        whole: whether the answer came in one piece, as JSON.
        overlong: whether the answer was ended because it went beyond its limit of bytes.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self.limit_bytes, self._room = limit_bytes, limit_bytes
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self.finish = self.model = ""
        self.usage: Usage | None = None
        self.pieces = 0
        self.done = self.whole = self.overlong = False

    @property
    def text(self) -> str:
        """The content so far."""
        return well_formed("".join(self._text))

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return well_formed("".join(self._reasoning))

    def add(self, chunk: object) -> None:
        """Take in one chunk, or a whole answer.

        Raises:
            Rejected: it is an error that the server reports.
            Passing: it is no JSON object.
        """
        if not isinstance(chunk, dict):
            raise Passing(Trouble.NONSENSE, "the server sent JSON that is no object")
        if complaint := complaint_within(chunk):
            raise Rejected(complaint)
        self.model = _text(chunk.get("model")) or self.model
        self.usage = _usage(chunk.get("usage")) or self.usage
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._add_choice(choices[0])

    def _add_choice(self, choice: Mapping[str, Any]) -> None:
        self.finish = _text(choice.get("finish_reason")) or self.finish
        part = next((choice[name] for name in ("delta", "message") if isinstance(choice.get(name), dict)), choice)
        content = _text(part.get("content")) or _text(part.get("text"))
        reasoning = _text(part.get("reasoning_content")) or _text(part.get("reasoning"))
        self.pieces += bool(content or reasoning)
        self._keep(self._reasoning, reasoning)
        self._keep(self._text, content)

    def _keep(self, pieces: list[str], piece: str) -> None:
        size = len(piece.encode("utf-8", "surrogatepass"))
        if size > self._room:
            piece = piece.encode("utf-8", "surrogatepass")[: self._room].decode("utf-8", "ignore")
            self.overlong = True
        self._room = max(self._room - size, 0)
        if piece:
            pieces.append(piece)


def _text(value: object) -> str:
    """A string, or the text of a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return ""


def _usage(value: object) -> Usage | None:
    """The server's count; None if it is not there, or zero as of servers that do not count, or not a cached prompt."""
    if not isinstance(value, dict):
        return None
    prompt, completion = _count(value.get("prompt_tokens")), _count(value.get("completion_tokens"))
    return Usage(prompt_tokens=prompt, completion_tokens=completion) if prompt and completion else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def read_answer(parts: Iterable[bytes], draft: Draft) -> Iterator[Draft]:
    """Put an answer together; yields the draft after each chunk, so that the caller can look at it and stop.

    A body that begins like JSON is one whole answer, whatever its content type says: servers that cannot stream answer
    so. Each `data:` line is one chunk, with or without an empty line behind it.

    Raises:
        Rejected: an error that the server reports, or a web page.
        Passing: broken UTF-8, broken JSON, a line without end.
    """
    lines = _lines(parts, limit_bytes=draft.limit_bytes * 6 + _LINE_ROOM)  # JSON may write a byte as six: \u001b
    for line in lines:
        if line[:1] in (b"{", b"["):
            draft.add(_json(b"\n".join([line, *lines])))
            draft.done = draft.whole = True
            yield draft
        elif line[:1] == b"<" and not draft.pieces:
            raise Rejected(Complaint(status=200, text="it answers with a web page", codes="web_page"))
        else:
            _add_event(line, draft)
            yield draft
        if draft.done or draft.overlong:
            return


def _add_event(line: bytes, draft: Draft) -> None:
    name, _, value = line.partition(b":")
    value = value.strip()
    if name == b"data" and value.startswith(b"[DONE]"):
        draft.done = True
    elif name == b"data" and value:
        draft.add(_json(value))
    elif name == b"error" and value:  # llama.cpp's server wrote errors so
        draft.add({"error": _json(value)})


def _lines(parts: Iterable[bytes], *, limit_bytes: int) -> Iterator[bytes]:
    """Lines without white space around them, empty ones left out.

    Raises:
        Passing: a line is longer than the limit.
    """
    pending: list[bytes] = []
    size = 0
    for part in parts:
        *ended, rest = part.split(b"\n")
        for piece in ended:
            pending.append(piece)
            if line := b"".join(pending).strip():
                yield line
            pending, size = [], 0
        pending.append(rest)
        size += len(rest)
        if size > limit_bytes:
            raise Passing(Trouble.NONSENSE, f"the server sent more than {limit_bytes} bytes without a line break")
    if line := b"".join(pending).strip():
        yield line


def _json(data: bytes) -> Any:  # noqa: ANN401  JSON is of any type
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Passing(Trouble.NONSENSE, "the server sent bytes that are no UTF-8") from None
    except (ValueError, RecursionError):
        raise Passing(Trouble.NONSENSE, "the server sent broken JSON") from None


def read_names(body: bytes) -> tuple[str, ...]:
    """The ids in a list of models, in its order.

    Raises:
        Passing: it is none.
    """
    try:
        return tuple(well_formed(each["id"]) for each in json.loads(body)["data"] if isinstance(each["id"], str))
    except (ValueError, RecursionError, KeyError, TypeError):
        raise Passing(Trouble.NONSENSE, "what the server calls its list of models is none") from None
