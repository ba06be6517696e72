"""Spans, kept by the SDK's own exporter."""

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from utils.completions import Completion, Message, Reply, Usage
from utils.errors import ModelFault
from utils.settings import load_settings
from utils.tracing import NoTraces, SpanTraces, provider_name, traces_of

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Model:
    """Answers once, then is away."""

    name: str = "qwen-7b"
    answered: bool = False

    def complete(self, completion: Completion) -> Reply:
        if self.answered:
            raise ModelFault("away")
        self.answered = True
        usage = Usage(prompt_tokens=60, completion_tokens=40, estimated=False)
        return Reply(text="secret", reasoning="", finish="stop", usage=usage, model="qwen-7b-q4", wall_s=1.0)


def test_an_attempt_and_its_answers_are_spans_with_the_names_of_the_conventions() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces = SpanTraces(provider.get_tracer("test"), provider=provider_name("http://localhost:1234/v1"))
    model = traces.model(Model())
    asked = Completion(messages=(Message("user", "secret"),), seed=7, json_schema={})

    def job() -> Reply:
        model.complete(asked)
        return model.complete(asked)

    with pytest.raises(ModelFault):
        traces.attempt({"unit": "ab12cd34-000001", "task": "add", "attempt": 2}, job)()
    answered, away, attempt = exporter.get_finished_spans()
    assert (answered.name, answered.kind) == ("chat qwen-7b", SpanKind.CLIENT)
    assert dict(answered.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "qwen-7b",
        "gen_ai.request.max_tokens": 2048,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.top_p": 0.95,
        "gen_ai.request.seed": 7,
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "qwen-7b-q4",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 60,
        "gen_ai.usage.output_tokens": 40,
        "builder_trainer.usage.estimated": False,
    }
    assert [(span.attributes or {})["error.type"] for span in (away, attempt)] == ["ModelFault", "ModelFault"]
    assert not away.status.is_ok
    assert (attempt.name, (attempt.attributes or {})["builder_trainer.task"]) == ("attempt", "add")
    assert attempt.context is not None
    assert [span.parent.span_id for span in (answered, away) if span.parent] == [attempt.context.span_id] * 2
    assert "secret" not in answered.to_json() + away.to_json() + attempt.to_json()
    assert provider_name("replay:x.jsonl") == "replay"


def test_unless_it_is_asked_for_nothing_is_traced_and_nothing_imported() -> None:
    model = Model()
    traces = traces_of(load_settings(), ExitStack())
    assert isinstance(traces, NoTraces)
    assert traces.model(model) is model
    told = "import sys, loop; print([name for name in sys.modules if name.startswith(('opentelemetry', 'prometheus'))])"
    ran = subprocess.run([sys.executable, "-c", told], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_what_is_asked_for_goes_where_opentelemetrys_own_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with ExitStack() as stack:
        assert isinstance(traces_of(load_settings(otel="on"), stack), SpanTraces)
