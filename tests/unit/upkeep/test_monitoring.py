"""What monitoring sees: figures of real stores over HTTP, a run as a trace at a real collector, secrets, logs, retention."""

from __future__ import annotations

import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from small_workspace import NOW, small_company

from orchestration.settings import Settings, load_settings
from orchestration.upkeep import environment
from orchestration.upkeep.metrics import exposition, figures, health, health_text
from orchestration.upkeep.retention import apply_retention
from orchestration.upkeep.server import monitoring_server
from orchestration.upkeep.settings import RetentionSettings
from orchestration.upkeep.traces import export_trace


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(small_company(tmp_path / "acme"))


@dg.op
def good() -> int:
    return 1


@dg.op
def bad(before: int) -> None:
    raise ValueError(f"nothing works after {before}")


@dg.job(name="daily")
def broken() -> None:
    bad(good())


def served(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_metrics_and_health_over_http(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        broken.execute_in_process(instance=instance, raise_on_error=False)

        def metrics() -> tuple[int, str, bytes]:
            return 200, "text/plain", exposition(figures(settings, instance, NOW + timedelta(hours=2)), "ACME")

        def state() -> tuple[int, str, bytes]:
            is_good, facts = health(settings, NOW + timedelta(hours=40), max_age_hours=30)
            return (200 if is_good else 503), "application/json", health_text(facts).encode()

        server = monitoring_server("127.0.0.1", 0, {"/metrics": metrics, "/health": state})
        for url in served(server):
            text = urllib.request.urlopen(f"{url}/metrics").read().decode()
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{url}/health")
            said = json.loads(refused.value.read())
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/elsewhere")
    found = {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "company")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["stockturn_release_age_seconds",] == 7200
    assert found["stockturn_source_rows", "quarantined"] == 2 and found["stockturn_source_rows", "in"] == 22
    assert found["stockturn_mart_rows", "fct_a", "marts"] == 20 and found["stockturn_releases",] == 2
    assert found["stockturn_runs", "failure"] == 1 and found["stockturn_last_run_success",] == 0
    assert (
        found["stockturn_incidents_open", "critical"] == 2
        and found["stockturn_incidents_open_value", "", "critical"] == 21.0
    )
    assert found["stockturn_findings", "shrink", "critical"] == 2
    assert refused.value.code == 503 and said["status"] == "failing" and said["release_id"] == "r2"
    assert "40.0 hours old" in said["problems"][0]
    assert health(settings, NOW, 30)[0]


def test_a_run_is_a_trace_at_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with dg.DagsterInstance.ephemeral() as instance:
        run = broken.execute_in_process(instance=instance, raise_on_error=False)
        assert export_trace(instance, run.run_id, "ACME") == 0, "no collector is named: nothing is sent"
        for url in served(ThreadingHTTPServer(("127.0.0.1", 0), Collector)):
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
            assert export_trace(instance, run.run_id, "ACME") == 3
    [resource] = taken[0].resource_spans
    company = {one.key: one.value.string_value for one in resource.resource.attributes}["stockturn.company"]
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    assert company == "ACME" and set(spans) == {"run daily", "good", "bad"}
    assert spans["bad"].parent_span_id == spans["run daily"].span_id
    assert spans["bad"].status.code == 2 and spans["good"].status.code != 2
    assert (
        spans["run daily"].start_time_unix_nano <= spans["good"].start_time_unix_nano < spans["bad"].end_time_unix_nano
    )


def test_a_collector_that_does_not_answer_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with dg.DagsterInstance.ephemeral() as instance:
        run = broken.execute_in_process(instance=instance, raise_on_error=False)
        assert export_trace(instance, run.run_id, "ACME") >= 0


def test_secrets_come_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:geheim@h/d\n")
    known = {
        "STOCKTURN_POSTGRES_URL_FILE": str(secret),
        "HOME_FILE": "/nowhere",
        "DAGSTER_POSTGRES_URL_FILE": str(secret),
    }
    assert environment.read_secret_files(known) == ["DAGSTER_POSTGRES_URL", "STOCKTURN_POSTGRES_URL"]
    assert known["STOCKTURN_POSTGRES_URL"] == "postgresql://u:geheim@h/d"
    assert environment.read_secret_files(known), "a second start finds the same"
    known["STOCKTURN_POSTGRES_URL"] = "another"
    with pytest.raises(environment.SecretFileError, match="both set and differ") as caught:
        environment.read_secret_files(known)
    assert "geheim" not in str(caught.value)
    with pytest.raises(environment.SecretFileError, match="cannot be read"):
        environment.read_secret_files({"STOCKTURN_NOTIFY_OPS_FILE": str(tmp_path / "missing")})


def test_a_log_line_is_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.LOG_FORMAT_VARIABLE, "json")
    formatter = environment.log_formatter()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        import sys

        record = logging.LogRecord("stockturn.run", logging.WARNING, __file__, 1, "rows %d 行", (3,), sys.exc_info())
    line = formatter.format(record)
    said = json.loads(line)
    assert "\n" not in line and said["event"] == "rows 3 行" and said["level"] == "warning"
    assert said["logger"] == "stockturn.run" and "ValueError: two" in said["exception"]
    assert datetime.fromisoformat(said["timestamp"]).tzinfo is not None


def test_retention_deletes_what_is_old_and_nothing_else(settings: Settings) -> None:
    workspace, today = settings.workspace(), date(2026, 7, 1)
    limits = RetentionSettings(quarantine_days=90, vintage_days=30, dagster_run_days=1)
    files = {path for path in workspace.root.rglob("*") if path.is_file()}
    with dg.DagsterInstance.ephemeral() as instance:
        broken.execute_in_process(instance=instance, raise_on_error=False)
        trial = apply_retention(workspace, limits, 1, today, instance, is_trial=True)
        assert {path for path in workspace.root.rglob("*") if path.is_file()} == files
        removed = {one.kind: one.number for one in apply_retention(workspace, limits, 1, today, instance)}
        assert instance.get_runs_count() == 1, "the run ended today"
    gone = {path.relative_to(workspace.root).as_posix() for path in files if not path.exists()}
    assert removed["quarantined batches"] == {one.kind: one.number for one in trial}["quarantined batches"] == 1
    assert {name for name in gone if not name.startswith("releases/r1/")} == {
        "quarantine/item/extract_date=2026-01-15/ERP/q.parquet"
    }
    assert removed["releases"] == 1 and removed["forecast vintages"] == 0
    assert (workspace.releases / "current" / "manifest.json").is_file()
    kept = apply_retention(workspace, RetentionSettings(dagster_run_days=None), 1, today, None)
    assert sum(one.number for one in kept) == 0, "without limits everything stays"


def test_old_runs_go(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        broken.execute_in_process(instance=instance, raise_on_error=False)
        limits, later = RetentionSettings(dagster_run_days=1), datetime.now(UTC) + timedelta(days=2)
        apply_retention(settings.workspace(), limits, 5, date(2026, 7, 1), instance, now=later)
        assert instance.get_runs_count() == 0
