"""Which models a server has in its memory now, and with how long a context, as far as it tells.

    GET /api/v0/models   LM Studio: data[].id, .state ("loaded"), .loaded_context_length
    GET /api/ps          Ollama: models[].model, .context_length
    GET /props           llama.cpp: default_generation_settings.n_ctx, of one slot; the one model that there is
    GET /v1/models       vLLM: data[].id, .max_model_len

Sources: lmstudio.ai/docs/api/rest-api, docs.ollama.com/api/ps, llama.cpp's tools/server/README.md, vLLM's ModelCard.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from utils.text import well_formed

Reader = Callable[[Mapping[str, Any]], "tuple[LoadedModel, ...] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model that is in a server's memory.

    Attributes:
        name: its name there; empty for a server that has one model and answers with it whatever is asked for.
        context_tokens: the context that it is loaded with, None if the server does not tell.
    """

    name: str
    context_tokens: int | None = None

    def answers_to(self, name: str) -> bool:
        """Whether a request for this name reaches it; Ollama adds a tag to a name without one."""
        return not self.name or self.name in (name, f"{name}:latest")


def ask_loaded(base_url: str, fetch: Callable[[str], bytes | None]) -> tuple[LoadedModel, ...] | None:
    """The models in the server's memory, empty if it says that there are none; None if it does not tell.

    Args:
        base_url: the server's, mostly with /v1 at its end.
        fetch: the body at a URL, None if there is none.
    """
    root = base_url.removesuffix("/v1")
    places: tuple[tuple[str, Reader], ...] = (
        (f"{root}/api/v0/models", _lm_studio),
        (f"{root}/api/ps", _ollama),
        (f"{root}/props", _llama_cpp),
        (f"{base_url}/models", _vllm),
    )
    for url, read in places:
        body = fetch(url)
        found = None if body is None else read(_object(body))
        if found is not None:
            return found
    return None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _lm_studio(body: Mapping[str, Any]) -> tuple[LoadedModel, ...] | None:
    rows = list(_rows(body.get("data"), "id"))
    if not any("state" in row for row in rows):
        return None
    return tuple(_model(row, "id", "loaded_context_length") for row in rows if row.get("state") == "loaded")


def _ollama(body: Mapping[str, Any]) -> tuple[LoadedModel, ...] | None:
    if not isinstance(body.get("models"), list):
        return None
    return tuple(_model(row, "model", "context_length") for row in _rows(body["models"], "model"))


def _llama_cpp(body: Mapping[str, Any]) -> tuple[LoadedModel, ...] | None:
    settings = body.get("default_generation_settings")
    context = _count(settings.get("n_ctx")) if isinstance(settings, dict) else None
    return None if context is None else (LoadedModel(name="", context_tokens=context),)


def _vllm(body: Mapping[str, Any]) -> tuple[LoadedModel, ...] | None:
    found = (_model(row, "id", "max_model_len") for row in _rows(body.get("data"), "id"))
    return tuple(each for each in found if each.context_tokens is not None) or None


def _rows(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list that have a name."""
    for row in value if isinstance(value, list) else ():
        if isinstance(row, dict) and isinstance(row.get(name), str):
            yield row


def _model(row: Mapping[str, Any], name: str, context: str) -> LoadedModel:
    return LoadedModel(name=well_formed(row[name]), context_tokens=_count(row.get(context)))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
