"""The Model Context Protocol server: what an assistant may ask of a release, with the dictionary as its schema. Glue only."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from assets.explain.cell import explain_cell
from assets.explain.model import ExplainError, shown
from assets.optional import optional
from expectations.incidents import Incident, IncidentError
from orchestration.ask.published import Published, QuestionError

_ABOUT = """Inventory health of one company, as published on {day} (release {release}; currency {currency}).
Begin with `list_marts` and `describe_mart`; figures come from `kpis` and `query` (SQL of DuckDB over the public marts, SELECT only).
Never average a ratio: sum its numerator and its denominator, then divide. Null means not known, never zero; `*_status` says why.
`explain` leads one figure back to its documents, file and row. Everything is read-only{limits}."""
_EVIDENCE_ROWS = 20


def build_server(data: Published, company: str, currency: str, incidents: Callable[[], Sequence[Incident]]) -> Any:
    """A server (`mcp.server.MCPServer`) over the marts that a reader may see.

    Args:
        data: the public marts within the reader's limits.
        company, currency: as the configuration names them.
        incidents: gives the open incidents, read when they are asked for.

    Raises:
        assets.optional.MissingExtraError: the extra `mcp` is not installed.
    """
    mcp = optional("mcp.server", "mcp")
    refusals = optional("mcp.server.mcpserver.exceptions", "mcp")
    release = data.release
    limits = "" if data.limits.is_everything else "; only the rows of some owners or warehouses are shown"
    about = _ABOUT.format(day=release.as_of, release=release.release_id, currency=currency, limits=limits)
    server = mcp.MCPServer("stockturn", title=f"Stockturn: {company}", instructions=about, log_level="WARNING")

    @server.resource("stockturn://dictionary", mime_type="application/json")
    def dictionary() -> str:
        """Every public mart: grain, keys to its dimensions, and each column with unit, meaning, formula, labels (en, zh)."""
        return json.dumps(list(data.marts.values()), ensure_ascii=False)

    def tool(function: Callable[..., Any]) -> Callable[..., Any]:
        """A tool whose refusals reach the one who asked as a sentence; the library takes other errors for faults of ours."""

        @wraps(function)
        def answered(*arguments: Any, **named: Any) -> Any:
            try:
                return function(*arguments, **named)
            except (QuestionError, ExplainError, IncidentError) as error:
                raise refusals.ToolError(str(error)) from error

        return server.tool(name=function.__name__.removeprefix("open_"))(answered)

    @tool
    def list_marts() -> dict[str, Any]:
        """The public marts: name, what it is, grain (a row is one of each of these), rows in the whole release."""
        keys = ("name", "description", "label_en", "label_zh", "grain", "rows")
        return {"marts": [{key: mart[key] for key in keys} for mart in data.marts.values()]}

    @tool
    def describe_mart(mart: str) -> dict[str, Any]:
        """The columns of a mart with type, unit, meaning, formula and labels, and its keys to dimensions."""
        return _mart(data, mart)

    @tool
    def kpis(scope: str = "company", scope_value: str = "") -> dict[str, Any]:
        """KPIs against their targets. scope: company, warehouse, category, owner, supplier, team, abc_class, abc_xyz_cell;
        scope_value: its name or id. `attainment_state`: target_met, within_limits, missed."""
        if "fct_kpi_summary" not in data.marts:
            raise QuestionError("this release has no KPIs")
        sql = "select * from fct_kpi_summary where scope = $scope and scope_value = $value order by kpi"
        rows = data.records(sql, {"scope": scope, "value": scope_value})
        return {"as_of": release.as_of.isoformat(), "kpis": rows}

    @tool
    def query(sql: str, rows: int = 200) -> dict[str, Any]:
        """One SELECT (DuckDB) over the public marts: the first rows of its answer, 1000 at most; is_cut says whether more exist."""
        return data.query(sql, rows)

    @tool
    def explain(
        mart: str, column: str, item_id: str = "", warehouse_id: str = "", key: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Why one figure is what it is: formula, the formula with its numbers, and the evidence with file and row of the source.
        The row is named by item_id and warehouse_id, further columns of the grain by key."""
        _mart(data, mart)
        if not data.limits.is_everything and not data.has_place(item_id, warehouse_id):
            raise QuestionError(
                f"nothing is known of item {item_id or '(none named)'} at {warehouse_id or '(no warehouse)'}"
            )
        found = explain_cell(
            release,
            mart,
            column,
            item_id=item_id or None,
            warehouse_id=warehouse_id or None,
            as_of=release.as_of,
            key=key,
        )
        evidence = [
            {"title": one.title, "rows": one.rows.num_rows, "first_rows": _rows(one.rows.slice(0, _EVIDENCE_ROWS))}
            for one in found.evidence
        ]
        return {
            "figure": shown(found.value),
            "description": found.description,
            "calculation": found.calculation,
            "with_numbers": found.with_numbers,
            "is_recomputed": found.is_recomputed,
            "recomputed": shown(found.recomputed) if found.is_recomputed else None,
            "evidence": evidence,
        }

    @tool
    def open_incidents(owner: str = "") -> dict[str, Any]:
        """Open incidents, the dearest first: failed checks with cause, money, owner, due date and what to do."""
        mine = [one for one in incidents() if data.limits.sees(one.owner_name, one.warehouse_id)]
        mine = [one for one in mine if not owner or one.owner_name == owner]
        mine.sort(key=lambda one: (-(one.variance_gross_value or 0), one.incident_id))
        return {"incidents": [_incident(one) for one in mine]}

    return server


def _mart(data: Published, mart: str) -> dict[str, Any]:
    if mart not in data.marts:
        raise QuestionError(f"no public mart {mart}; there are {', '.join(data.marts)}")
    return data.marts[mart]


def _rows(table: Any) -> list[dict[str, Any]]:
    return [{name: None if value is None else str(value) for name, value in row.items()} for row in table.to_pylist()]


def _incident(one: Incident) -> dict[str, Any]:
    names = ("incident_id", "title", "title_zh", "explanation", "explanation_zh", "task", "severity", "state", "owner_name", "item_id",
             "warehouse_id", "doc_no", "rows_failed")  # fmt: skip
    value = one.variance_gross_value
    return {
        **{name: getattr(one, name, "") for name in names},
        "value": None if value is None else float(value),
        "currency_code": one.currency_code,
        "due_date": one.due_date.isoformat() if one.due_date else None,
        "is_overdue": one.is_overdue,
    }
