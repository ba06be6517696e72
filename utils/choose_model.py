"""The model that a person asked for."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from utils.completions import Model
from utils.llm_interface import Endpoint, OpenAIModel, Patience
from utils.local_model import LocalModel, start_server
from utils.local_server import GGUF
from utils.recordings import Recorder, ReplayModel
from utils.rehearsal.known import KnownTask
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.worlds import truths_of
from utils.settings import Settings
from utils.signals import StopRequest

REHEARSAL = "rehearsal"
REPLAY = "replay:"


def choose_model(
    settings: Settings,
    known: Sequence[KnownTask],
    *,
    seed: int,
    request: StopRequest,
    stack: ExitStack,
    note: Callable[[str], None],
) -> Model:
    """The model of `settings.llm`, recorded if that was asked for too.

    Args:
        settings: what was asked for.
        known: the tasks that a rehearsal model can solve.
        seed: of a rehearsal.
        request: ends waits for a server.
        stack: closes what has to be closed.
        note: hears what takes long.

    Raises:
        InputError: the URL, the file or the truths are no use.
        Interrupted: asked to stop while a file was being loaded.
    """
    if settings.llm.startswith(GGUF):
        note(f"loading {Path(settings.llm.removeprefix(GGUF)).name}")
    model = _bare(settings, known, seed=seed, request=request, stack=stack)
    if settings.record is None:
        return model
    recorder = Recorder(model, settings.record)
    stack.callback(recorder.close)
    return recorder


def _bare(
    settings: Settings, known: Sequence[KnownTask], *, seed: int, request: StopRequest, stack: ExitStack
) -> Model:
    if settings.llm == REHEARSAL:
        return rehearsal_model(known, settings.truths, seed=seed)
    if settings.llm.startswith(REPLAY):
        return ReplayModel(Path(settings.llm.removeprefix(REPLAY)))
    server = _local(settings, request) if settings.llm.startswith(GGUF) else _server(settings, request)
    stack.callback(server.close)
    return server


def rehearsal_model(known: Sequence[KnownTask], truths: Path | None, *, seed: int) -> RehearsalModel:
    """The simulated model with the truths of this file, with its own, or with those of the null world.

    Raises:
        InputError: the file is no use.
    """
    return RehearsalModel(known, truths_of(truths), seed)


def _server(settings: Settings, request: StopRequest) -> OpenAIModel:
    endpoint = Endpoint.from_url(
        settings.llm,
        model=settings.model,
        api_key=settings.api_key.get_secret_value(),
        context_tokens=settings.context_tokens,
    )
    return OpenAIModel(endpoint, _patience(settings), stopping=request.is_set)


def _local(settings: Settings, request: StopRequest) -> LocalModel:
    server = start_server(settings, stopping=request.is_set)
    return LocalModel(server, _patience(settings), stopping=request.is_set)


def _patience(settings: Settings) -> Patience:
    return Patience(total_s=settings.patience_s, stall_s=settings.stall_s, first_token_s=settings.first_token_s)
