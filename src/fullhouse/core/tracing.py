"""Spans for OpenTelemetry: how long requests and jobs take, for whoever set a collector up.

A span holds what the log holds: the route as it is written, the kind of a job, how it ended.
Never what was asked for, by whom, or from where, nor the words of an error; that is why the spans
are our own and not those of an instrumentation library, which hold addresses and parameters.
Without the package, or with no collector set up, nothing happens.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fullhouse.core.errors import InputError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Where OpenTelemetry's own settings name the collector that spans go to."""
SERVICE = "fullhouse"

Value = str | int | float


class Span:
    """A piece of work that is being timed."""

    def __init__(self, recorded: Any = None) -> None:
        self._recorded = recorded

    def note(self, name: str | None = None, **values: Value) -> None:
        """Name it anew, and add attributes; a double underscore stands for the dot of a name."""
        if self._recorded is None:
            return
        if name is not None:
            self._recorded.update_name(name)
        for key, value in values.items():
            self._recorded.set_attribute(key.replace("__", "."), value)


@contextmanager
def span(name: str, *, serves: bool = False) -> Iterator[Span]:
    """Time what is inside; `serves` marks what another system asked for over HTTP."""
    try:
        from opentelemetry import trace
    except ImportError:
        yield Span()
        return
    kind = trace.SpanKind.SERVER if serves else trace.SpanKind.INTERNAL
    # The words of an exception may hold data: the span has none of them.
    with trace.get_tracer(SERVICE).start_as_current_span(
        name, kind=kind, record_exception=False, set_status_on_exception=False
    ) as recorded:
        yield Span(recorded)


def start_tracing(environment: Mapping[str, str]) -> bool:
    """Send spans where OpenTelemetry's variables say; False when they name no collector.

    Raises `InputError` where they do and the packages are not installed.
    """
    if not any(environment.get(name) for name in ENDPOINTS):
        return False
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as problem:
        raise InputError(
            f"{' or '.join(ENDPOINTS)} names a collector, but the package {problem.name} is not "
            "installed: install fullhouse[telemetry], or unset the variable."
        ) from None
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": SERVICE}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
