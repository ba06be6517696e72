"""Attempts and the model's answers as OpenTelemetry spans, with the names of the conventions for generative AI.

The only module that touches opentelemetry, and only where BT_OTEL=on: else nothing of it is imported or paid for. Where
spans go is set as OpenTelemetry's own documentation says, e.g. OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318.
Neither prompts nor answers are sent. Names: github.com/open-telemetry/semantic-conventions-genai, client-inference.md,
of 2026; all of them are still marked as in development there.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, TypeVar

from utils.completions import Completion, Model, Reply
from utils.errors import Fault, InputError
from utils.settings import Settings

T = TypeVar("T")

INSTALL = "BT_OTEL=on needs more packages: pip install 'opentelemetry-sdk' 'opentelemetry-exporter-otlp-proto-http'"


class Traces(Protocol):
    """Makes work visible to whoever collects traces."""

    def model(self, model: Model) -> Model:
        """The model, each of whose answers is a span."""
        ...

    def attempt(self, facts: dict[str, str | int], job: Callable[[], T]) -> Callable[[], T]:
        """The job of an attempt, as the span that the spans of its answers belong to."""
        ...


class NoTraces:
    """Nothing is traced, and nothing is paid for it."""

    def model(self, model: Model) -> Model:
        """The same model."""
        return model

    def attempt(self, facts: dict[str, str | int], job: Callable[[], T]) -> Callable[[], T]:
        """The same job."""
        del facts
        return job


class SpanTraces:
    """Spans of a tracer of opentelemetry.

    Args:
        tracer: an `opentelemetry.trace.Tracer`; not named as such, since the package may be missing.
        provider: the `gen_ai.provider.name`.
    """

    def __init__(self, tracer: Any, *, provider: str) -> None:  # noqa: ANN401  see above
        self._tracer, self._provider = tracer, provider

    def model(self, model: Model) -> Model:
        """The model, each of whose answers is a span."""
        return _TracedModel(model, self._tracer, self._provider)

    def attempt(self, facts: dict[str, str | int], job: Callable[[], T]) -> Callable[[], T]:
        """The job of an attempt in a span of the thread that does it."""

        def traced() -> T:
            attributes = {f"builder_trainer.{name}": value for name, value in facts.items()}
            with self._tracer.start_as_current_span("attempt", attributes=attributes) as span:
                return _noting_fault(span, job)

        return traced


@dataclass(frozen=True, slots=True)
class _TracedModel:
    model: Model
    tracer: Any
    provider: str

    @property
    def name(self) -> str:
        return self.model.name

    def complete(self, completion: Completion) -> Reply:
        kind = import_module("opentelemetry.trace").SpanKind.CLIENT
        attributes = _asked(completion, model=self.name, provider=self.provider)
        with self.tracer.start_as_current_span(f"chat {self.name}", kind=kind, attributes=attributes) as span:
            reply = _noting_fault(span, lambda: self.model.complete(completion))
            span.set_attributes(_answered(reply))
            return reply


def _asked(completion: Completion, *, model: str, provider: str) -> dict[str, str | int | float]:
    asked: dict[str, str | int | float | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": completion.max_tokens,
        "gen_ai.request.temperature": completion.temperature,
        "gen_ai.request.top_p": completion.top_p,
        "gen_ai.request.seed": completion.seed,
        "gen_ai.output.type": "text" if completion.json_schema is None else "json",
    }
    return {name: value for name, value in asked.items() if value is not None}


def _answered(reply: Reply) -> dict[str, Any]:
    return {
        "gen_ai.response.model": reply.model,
        "gen_ai.response.finish_reasons": (reply.finish,),
        "gen_ai.usage.input_tokens": reply.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": reply.usage.completion_tokens,
        "builder_trainer.usage.estimated": reply.usage.estimated,
    }


def _noting_fault(span: Any, job: Callable[[], T]) -> T:  # noqa: ANN401  a span of a package that may be missing
    try:
        return job()
    except Fault as fault:
        span.set_attribute("error.type", type(fault).__name__)
        raise


def traces_of(settings: Settings, stack: ExitStack) -> Traces:
    """What the settings want; what has to be flushed at the end is left to the stack.

    Raises:
        InputError: tracing is wanted, and its packages are not installed.
    """
    if settings.otel == "off":
        return NoTraces()
    try:
        sdk, resources = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.resources")
        export = import_module("opentelemetry.sdk.trace.export")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise InputError(f"{INSTALL} ({error})") from error
    resource = resources.Resource.create({"service.name": "builder-trainer"})
    provider = sdk.TracerProvider(resource=resource)
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    stack.callback(provider.shutdown)
    return SpanTraces(provider.get_tracer("builder-trainer"), provider=provider_name(settings.llm))


def provider_name(llm: str) -> str:
    """The conventions' word for a server that speaks OpenAI's language, whoever made it; our own for what is none."""
    return llm.partition(":")[0] if llm.startswith(("rehearsal", "replay:")) else "openai"
