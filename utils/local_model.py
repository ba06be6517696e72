"""The model of a GGUF file: a client and the server that it starts, and starts again when it has died."""

from collections.abc import Callable
from contextlib import ExitStack

from utils.completions import Completion, Reply
from utils.errors import InputError, Interrupted, ModelFault
from utils.llm_interface import OpenAIModel, Patience
from utils.local_server import Launch, LocalServer
from utils.settings import Settings


class LocalModel:
    """Answers completions from a server of its own; fulfils utils.completions.Model. Safe to use from several threads.

    Args:
        server: what serves the file; closed with the model.
        patience: the client's waits and attempts.
        stopping: whether a person asked to stop.
    """

    def __init__(self, server: LocalServer, patience: Patience, *, stopping: Callable[[], bool]) -> None:
        self._server, self._stopping = server, stopping
        # Nothing is asked of a dead server again before a new one runs, so its death ends waits as a wish to stop does.
        self._client = OpenAIModel(server.endpoint, patience, stopping=lambda: stopping() or not server.alive)

    @property
    def name(self) -> str:
        """The model's name: the file's without its ending, unless another was given."""
        return self._client.name

    def complete(self, completion: Completion) -> Reply:
        """The whole reply.

        Raises:
            ModelFault: the server died, or what the client raises; a dead one is started again at the next call.
            Interrupted: a person asked to stop, or the model was closed.
        """
        self._server.ensure()
        try:
            return self._client.complete(completion)
        except Interrupted:
            if self._stopping() or self._server.alive:
                raise
        raise ModelFault(f"the server of {self.name} {self._server.end}; it is started again")

    def close(self) -> None:
        """End the exchanges under way and the server."""
        self._client.close()
        self._server.close()


def start_server(settings: Settings, *, stopping: Callable[[], bool]) -> LocalServer:
    """The server of `--llm gguf:FILE`, ready to answer; what it says is kept in the memory's `logs`.

    Raises:
        InputError: the file or the options are no use, the extra is missing, or the file cannot be loaded.
        Interrupted: a person asked to stop while it was being loaded.
    """
    log = settings.memory / "logs" / "model-server.log"
    server = LocalServer(Launch.of_settings(settings, log), stopping=stopping)
    with ExitStack() as unless_ready:
        unless_ready.callback(server.close)
        try:
            server.ensure()
        except ModelFault as fault:
            raise InputError(f"--llm: {fault}; all that it said is in {log}") from fault
        unless_ready.pop_all()
    return server
