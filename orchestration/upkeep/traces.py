"""A finished run as an OpenTelemetry trace: one span for the run, one for each step, check results as events.

Made from Dagster's event log after the run, so a run of the command and one of the daemon give the same trace, and a
collector that cannot be reached costs a run nothing. Where it goes: OTEL_EXPORTER_OTLP_ENDPOINT, as for any program.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from assets.optional import optional

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TRACED_TAG = "stockturn/traced_by"  # set by `stockturn run`, which sends its trace itself
_EXTRA = "observability"
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


def is_tracing() -> bool:
    """Whether the environment names a collector."""
    return any(os.environ.get(name) for name in ENDPOINT_VARIABLES)


def export_trace(instance: dg.DagsterInstance, run_id: str, company_code: str) -> int:
    """Send the trace of a run; gives the number of spans, 0 where no collector is named.

    A collector that does not answer is written to the log: nothing that a run produced depends on it.

    Raises:
        assets.optional.MissingExtraError: a collector is named and the exporter is not installed.
    """
    if not is_tracing():
        return 0
    exporter = optional(_EXPORTER, _EXTRA).OTLPSpanExporter()
    try:
        return _send(exporter, instance, run_id, company_code)
    except Exception:
        logging.getLogger(__name__).exception("the trace of run %s was not sent", run_id)
        return 0


def _send(exporter: Any, instance: dg.DagsterInstance, run_id: str, company_code: str) -> int:
    sdk, export = optional("opentelemetry.sdk.trace", _EXTRA), optional("opentelemetry.sdk.trace.export", _EXTRA)
    resources, api = optional("opentelemetry.sdk.resources", _EXTRA), optional("opentelemetry.trace", _EXTRA)
    run, entries = instance.get_run_by_id(run_id), instance.all_logs(run_id)
    if run is None or not entries:
        return 0
    resource = resources.Resource.create({"service.name": "stockturn", "stockturn.company": company_code})
    provider = sdk.TracerProvider(resource=resource)
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("stockturn")
    whole = tracer.start_span(
        f"run {run.job_name}",
        start_time=_nanoseconds(entries[0]),
        attributes={"dagster.run_id": run_id, "stockturn.as_of_date": run.tags.get("dagster/partition", "")},
    )
    inside = api.set_span_in_context(whole)
    spans: dict[str, Any] = {}
    count = 1
    for entry in entries:
        event = entry.dagster_event
        if event is None:
            continue
        step, kind = event.step_key or "", event.event_type
        if kind == DagsterEventType.STEP_START:
            spans[step] = tracer.start_span(step, context=inside, start_time=_nanoseconds(entry))
            count += 1
        elif kind in (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE) and step in spans:
            span = spans.pop(step)
            if kind == DagsterEventType.STEP_FAILURE:
                span.set_status(api.Status(api.StatusCode.ERROR, event.message or "failed"))
            span.end(end_time=_nanoseconds(entry))
        elif kind == DagsterEventType.ASSET_MATERIALIZATION:
            name = event.asset_key.to_user_string() if event.asset_key else ""
            figures = _figures(event.step_materialization_data.materialization.metadata)
            spans.get(step, whole).add_event(f"materialized {name}", figures, timestamp=_nanoseconds(entry))
        elif kind == DagsterEventType.ASSET_CHECK_EVALUATION:
            data = event.asset_check_evaluation_data
            facts = {
                "check": data.check_name,
                "asset": data.asset_key.to_user_string(),
                "severity": data.severity.value,
            }
            words = f"check {'passed' if data.passed else 'failed'}"
            spans.get(step, whole).add_event(words, {**facts, **_figures(data.metadata)}, timestamp=_nanoseconds(entry))
    for span in spans.values():  # a killed run has steps without an end
        span.set_status(api.Status(api.StatusCode.ERROR, "did not end"))
        span.end(end_time=_nanoseconds(entries[-1]))
    if run.status == dg.DagsterRunStatus.FAILURE:
        whole.set_status(api.Status(api.StatusCode.ERROR, "the run failed"))
    whole.end(end_time=_nanoseconds(entries[-1]))
    provider.shutdown()
    return count


def _nanoseconds(entry: dg.EventLogEntry) -> int:
    return int(entry.timestamp * 1_000_000_000)


def _figures(metadata: Mapping[str, Any]) -> dict[str, int | float]:
    """The numbers among metadata: rows, seconds."""
    values = {name: getattr(value, "value", None) for name, value in metadata.items()}
    return {name: value for name, value in values.items() if isinstance(value, int | float)}
