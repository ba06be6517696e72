"""A model behind an OpenAI-compatible URL (LM Studio, Ollama, llama.cpp, vLLM), strict about what real servers do.

The only module that touches openai and its httpx2. The SDK brings addresses, headers and the request. Its retries are
off, because tenacity's stand around the whole exchange, and the answer is read by utils.llm_streaming, because the
SDK's own reader has no limit of bytes and one timeout for all reads.

Each exchange has a connection of its own: none that the server closed meanwhile, ending it ends nothing else, and
threads share nothing but what the server taught us. Measured: 0.2 ms for a client, once the certificates are read.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import openai

from utils.clock import Clock, SystemClock
from utils.completions import Completion, Reply
from utils.errors import Interrupted, ModelFault, ModelRefused
from utils.llm_endpoint import Endpoint, Patience
from utils.llm_errors import Complaint, Passing, Rejected, Trouble, complaint_of, verdict
from utils.llm_forms import Descent, Manners, SchemaForm, request_body
from utils.llm_loaded import LoadedModel, ask_loaded
from utils.llm_patience import Persistence, Sleep
from utils.llm_replies import Judge
from utils.llm_streaming import Draft, read_answer, read_names
from utils.llm_watch import Watch
from utils.text import one_line

__all__ = ["Endpoint", "OpenAIModel", "Patience"]

_ERROR_BYTES = 64 * 1024
_LIST_BYTES = 4 * 1024 * 1024
_SHOWN_MODELS = 10
_SENT_HEADERS = ("Host", "Accept", "Content-Type", "Content-Length", "User-Agent")
_RAW: bool = True
"""Makes the SDK hand out the response before its body has come."""
_ASIDE = Patience(attempts=1, connect_s=5, first_token_s=5, stall_s=5, answer_s=5)
"""For looks at the server that nothing depends on."""


class OpenAIModel:
    """Answers completions over HTTP; fulfils utils.completions.Model. Safe to use from several threads.

    Args:
        endpoint: the server and the model.
        patience: waits and attempts.
        stopping: whether a person asked to stop; looked at about ten times a second, also in mid-answer.
        clock: what waits and answers are measured with.
        sleep: waits so many seconds; called for at most 0.1 s at once.

    Raises:
        InputError: the endpoint's URL is none.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        patience: Patience | None = None,
        *,
        stopping: Callable[[], bool] | None = None,
        clock: Clock | None = None,
        sleep: Sleep = time.sleep,
    ) -> None:
        Endpoint.from_url(endpoint.url)  # a socket would raise strange things for a strange host
        self._endpoint, self._patience = endpoint, patience or Patience()
        self._asked_to_stop, self._clock = stopping, clock or SystemClock()
        self._closed = threading.Event()
        self._manners = Manners()
        self._name_lock = threading.Lock()
        self._name = endpoint.model
        self._answers_as = ""
        self._persistence = Persistence(
            self._patience, url=endpoint.url, stopping=self._stopping, clock=self._clock, sleep=sleep
        )
        self._tls = httpx2.create_ssl_context()  # honours SSL_CERT_FILE; 90 ms, so once

    @property
    def name(self) -> str:
        """The model's name on the server; if none was given, the first that the server lists, asked for once.

        Raises:
            ModelFault: it had to be asked for and the server did not tell.
        """
        with self._name_lock:
            if not self._name:
                self._name = self._first_model()
            return self._name

    def complete(self, completion: Completion) -> Reply:
        """The whole reply; `wall_s` is that of the attempt that succeeded.

        Raises:
            ContextOverflow: prompt and answer do not fit, as far as the server or an estimate tells.
            ModelRefused: the server does not accept the key, the model, the path or the request.
            ModelFault: no usable answer within all patience.
            Interrupted: a person asked to stop, or the client was closed.
        """
        self._persistence.check_stop()
        judge = Judge(completion, asked_model=self.name)
        judge.check_room(self._endpoint.context_tokens)
        descent = Descent(self._manners, completion)
        return self._persistence.run(lambda: self._attempt(completion, judge, descent))

    def list_models(self) -> tuple[str, ...]:
        """The models that the server offers, in its order; some list what is downloaded, not what is loaded.

        Raises:
            ModelRefused: the server has no such list, or refuses the key.
            ModelFault: no usable answer within all patience.
            Interrupted: a person asked to stop, or the client was closed.
        """
        return self._persistence.run(lambda: self._models(self._patience))

    def loaded_models(self) -> tuple[LoadedModel, ...] | None:
        """The models in the server's memory, empty if it says that there are none; None if it does not tell.

        It is asked in the ways of utils.llm_loaded, and waited for 10 s at most.

        Raises:
            Interrupted: a person asked to stop, or the client was closed.
        """
        self._persistence.check_stop()
        end_s = self._clock.monotonic_s() + _ASIDE.answer_s
        return ask_loaded(
            self._endpoint.url, lambda url: self._peek(url) if self._clock.monotonic_s() < end_s else None
        )

    @property
    def schema_form(self) -> SchemaForm:
        """The strongest form of a wish for JSON that the server is not known to refuse."""
        return self._manners.form_for(Completion(messages=(), json_schema={})).schema

    def close(self) -> None:
        """End the exchanges under way with Interrupted and begin no further ones; no socket stays open."""
        self._closed.set()

    def _stopping(self) -> bool:
        return self._closed.is_set() or (self._asked_to_stop is not None and self._asked_to_stop())

    def _attempt(self, completion: Completion, judge: Judge, descent: Descent) -> Reply:
        """One answer, asked for in weaker and weaker forms as long as the server refuses the form."""
        while True:
            try:
                return self._ask(completion, judge, descent)
            except Rejected as rejected:
                complaint = descent.refused(rejected.complaint)
            if complaint is not None:
                raise self._verdict(complaint)

    def _ask(self, completion: Completion, judge: Judge, descent: Descent) -> Reply:
        request = {**request_body(completion, model=self.name, form=descent.form), **self._endpoint.sampling}
        draft = Draft(limit_bytes=self._endpoint.reply_limit_bytes)
        patience = self._patience
        if not descent.form.stream:
            patience = replace(patience, first_token_s=patience.answer_s)
        with self._exchange("/chat/completions", request, patience) as (parts, watch):
            try:
                for _ in read_answer(parts, draft):
                    self._persistence.check_stop()
                    if draft.pieces:
                        watch.spoken()
            except Passing:
                if not draft.finish:  # else the answer is whole, and only the end of the stream is missing
                    raise
            wall_s = watch.elapsed_s
        descent.answered(whole=draft.whole)
        self._check_same_model(draft.model)
        return judge.reply(draft, wall_s=wall_s)

    def _check_same_model(self, name: str) -> None:
        """Nothing, unless the server gives itself another name than it first did: somebody loaded another model.

        Not compared with the name that was asked for, since servers answer to aliases.
        """
        with self._name_lock:
            first = self._answers_as = self._answers_as or name
        if name and name != first:
            raise ModelRefused(
                f"{self._endpoint.url} answers as {one_line(name)} now, and before as {one_line(first)}:"
                f" load that model again, or start anew with --model {one_line(name)}"
            )

    def _models(self, patience: Patience) -> tuple[str, ...]:
        try:
            return read_names(self._body("/models", patience))
        except Rejected as rejected:
            raise self._plain_verdict(rejected.complaint) from None

    def _peek(self, url: str) -> bytes | None:
        """What is at this URL of the server, None if it gives nothing."""
        try:
            return self._body(url, _ASIDE)
        except (Rejected, ModelFault):
            return None

    def _body(self, path: str, patience: Patience) -> bytes:
        body = b""
        with self._exchange(path, None, patience) as (parts, _):
            for part in parts:
                body += part
                if len(body) > _LIST_BYTES:
                    break
        return body

    def _first_model(self) -> str:
        """The first model listed that can chat: LM Studio lists a model for embeddings among the others."""
        try:
            names = self.list_models()
        except ModelRefused as refused:
            raise ModelRefused(f"{refused}; or name the model with --model") from None
        if not names:
            raise ModelRefused(f"{self._endpoint.url} lists no models; load one, or name it with --model")
        return next((name for name in names if "embed" not in name.lower()), names[0])

    def _plain_verdict(self, complaint: Complaint) -> ModelFault:
        return verdict(complaint, url=self._endpoint.url, key=self._endpoint.api_key)

    def _verdict(self, complaint: Complaint) -> ModelFault:
        """The verdict; on an unknown model with the known ones."""
        fault = self._plain_verdict(complaint)
        if not isinstance(fault, ModelRefused) or not complaint.unknown_model:
            return fault
        try:
            names = self._models(_ASIDE)
        except ModelFault:
            names = ()
        listed = ", ".join(one_line(name) for name in names[:_SHOWN_MODELS]) or "nothing that it lists"
        return ModelRefused(f"{fault}; it offers {listed}; choose one with --model")

    @contextlib.contextmanager
    def _exchange(
        self, path: str, body: Mapping[str, Any] | None, patience: Patience
    ) -> Iterator[tuple[Iterator[bytes], Watch]]:
        """The parts of the answer's body as they come; a GET if there is no body to send."""
        watch = Watch(patience, stopping=self._stopping, clock=self._clock)
        with self._client(watch, patience) as client, watch:
            with self._translated(watch):
                response = (
                    client.get(path, cast_to=httpx2.Response, stream=_RAW)
                    if body is None
                    else client.post(path, cast_to=httpx2.Response, body=body, stream=_RAW)
                )
            with contextlib.closing(response):
                yield self._parts(response, watch), watch

    def _parts(self, response: httpx2.Response, watch: Watch) -> Iterator[bytes]:
        with self._translated(watch):
            yield from response.iter_bytes()

    def _client(self, watch: Watch, patience: Patience) -> openai.OpenAI:
        """A client for one exchange, whose socket and bytes the watch gets to see."""

        def request(request: httpx2.Request) -> None:
            request.headers = self._headers(request.headers)
            request.extensions["trace"] = lambda _, info: _show_socket(watch, info)

        def response(response: httpx2.Response) -> None:
            assert isinstance(response.stream, httpx2.SyncByteStream)  # the client is no async one
            limit = _ERROR_BYTES if response.is_error else None
            response.stream = _Heard(response.stream, watch, limit_bytes=limit)

        # The watch keeps the times; the read timeout stands behind it.
        silence_s = max(patience.first_token_s, patience.stall_s) + 1
        http = httpx2.Client(
            verify=self._tls,
            trust_env=not self._endpoint.local,
            timeout=httpx2.Timeout(silence_s, connect=patience.connect_s),
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=0),
            event_hooks={"request": [request], "response": [response]},
            follow_redirects=False,
        )
        return openai.OpenAI(
            api_key=self._endpoint.api_key or "none",
            base_url=self._endpoint.url,
            max_retries=0,
            http_client=http,
        )

    def _headers(self, given: httpx2.Headers) -> httpx2.Headers:
        """What the server needs: the SDK adds accounts and headers from the environment, and facts on this machine."""
        headers = {name: given[name] for name in _SENT_HEADERS if name in given}
        if self._endpoint.api_key:
            headers["Authorization"] = f"Bearer {self._endpoint.api_key}"
        return httpx2.Headers(headers | {"Accept-Encoding": "identity"})

    @contextlib.contextmanager
    def _translated(self, watch: Watch) -> Iterator[None]:
        """What the SDK and its transport raise, in our words; the watch knows better why a connection ended."""
        try:
            yield
        except openai.APIStatusError as error:
            answer = error.response
            self._check(watch)
            raise Rejected(
                complaint_of(answer.status_code, answer.content, answer.headers, now=self._clock.now())
            ) from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            self._check(watch)
            raise _lost(error) from None
        self._check(watch)

    def _check(self, watch: Watch) -> None:
        """Nothing, unless the watch ended the exchange."""
        if watch.ended == "stopped":
            raise Interrupted(f"asked to stop while {self._endpoint.url} was answering; start again to go on")
        if watch.ended is not None:
            raise Passing(Trouble.STALLED, watch.why)


class _Heard(httpx2.SyncByteStream):
    """A body whose bytes the watch hears of, and that ends after so many."""

    def __init__(self, inner: httpx2.SyncByteStream, watch: Watch, *, limit_bytes: int | None) -> None:
        self._inner, self._watch, self._room = inner, watch, limit_bytes

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            self._watch.heard()
            yield part
            if self._room is not None:
                self._room -= len(part)
                if self._room < 0:
                    return

    def close(self) -> None:
        self._inner.close()


def _show_socket(watch: Watch, info: Mapping[str, Any]) -> None:
    """A connection that was made, or wrapped in TLS, is an event with a network stream as its result."""
    extra = getattr(info.get("return_value"), "get_extra_info", None)
    if extra is not None:
        watch.connected(extra("socket"))


def _lost(error: Exception) -> Passing:
    """A connection that was not made, or that broke."""
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return Passing(Trouble.UNREACHABLE, f"no connection ({one_line(str(cause)) or 'timed out'})")
    if isinstance(cause, httpx2.TimeoutException):
        return Passing(Trouble.STALLED, "the server took nothing in or gave nothing out for too long")
    return Passing(Trouble.DROPPED, f"the connection broke ({one_line(str(cause)) or type(cause).__name__})")
