"""Each form of SQL that KPIs may be made of, in DAX and as a calculation of Tableau; what has no counterpart is refused."""

from __future__ import annotations

import duckdb
import pytest

from assets.publish.bi.expressions import UntranslatedError, dax_measure, sql_columns, sql_measure, tableau_measure
from assets.publish.bi.model import BiColumn, BiModel, BiTable, Measure

COLUMNS = {"v": "Value", "d": "Days", "s": "State]", "a": "Is active", "b": "Note"}
TABLE = BiTable(
    "fct_t", "Item's stock", "", ("v",), tuple(BiColumn(name, "double", "", label, "") for name, label in COLUMNS.items())
)  # fmt: skip
MODEL = BiModel("en", 1, (TABLE,), (), ())
T = "'Item''s stock'"

FORMS = {  # SQL -> DAX, Tableau
    "v + d": (f"{T}[Value] + {T}[Days]", "[v] + [d]"),
    "v - d": (f"{T}[Value] - {T}[Days]", "[v] - [d]"),
    "v * 2.5": (f"{T}[Value] * 2.5", "[v] * 2.5"),
    "v / d": (f"DIVIDE({T}[Value], {T}[Days])", "[v] / [d]"),
    "(v)": (f"({T}[Value])", "([v])"),
    "-v": (f"-{T}[Value]", "-[v]"),
    "greatest(v, 0)": (f"MAX({T}[Value], 0)", "MAX([v], 0)"),
    "coalesce(v, 1)": (f"COALESCE({T}[Value], 1)", "IFNULL([v], 1)"),
    "case when a then v else 0 end": (f"IF({T}[Is active], {T}[Value], 0)", "IF [a] THEN [v] ELSE 0 END"),
    "case when a then v end": (f"IF({T}[Is active], {T}[Value])", "IF [a] THEN [v] END"),
    "v = 1": (f"{T}[Value] = 1", "[v] = 1"),
    "v <> 1": (f"{T}[Value] <> 1", "[v] <> 1"),
    "v > 1": (f"{T}[Value] > 1", "[v] > 1"),
    "v >= 1": (f"{T}[Value] >= 1", "[v] >= 1"),
    "v < 1": (f"{T}[Value] < 1", "[v] < 1"),
    "v <= 1": (f"{T}[Value] <= 1", "[v] <= 1"),
    "a and v > 1": (f"{T}[Is active] && {T}[Value] > 1", "[a] AND [v] > 1"),
    "a or v > 1": (f"({T}[Is active] || {T}[Value] > 1)", "([a] OR [v] > 1)"),
    "not a": (f"NOT({T}[Is active])", "NOT ([a])"),
    "b is null": (f"ISBLANK({T}[Note])", "ISNULL([b])"),
    "b is not null": (f"NOT(ISBLANK({T}[Note]))", "NOT (ISNULL([b]))"),
    "s in ('x', 'y')": (f"""({T}[State]]] = "x" || {T}[State]]] = "y")""", "([s] = 'x' OR [s] = 'y')"),
    "s = 'x'": (f"""{T}[State]]] = "x\"""", "[s] = 'x'"),
    "true": ("TRUE", "TRUE"),
    "false": ("FALSE", "FALSE"),
}  # fmt: skip
WITHOUT_COUNTERPART = (
    "regexp_extract(s, 'x')",
    "case s when 'x' then 1 end",
    "case when a then 1 when v > 1 then 2 end",
    "case s when 'x' then 1 when 'y' then 2 end",
    "greatest(v, d, 0)",
    "coalesce(v, d, 0)",
    "a is true",
)


def measure(numerator: str, denominator: str = "", condition: str = "true") -> Measure:
    return Measure("k", "K", "", "rate", "fct_t", condition, numerator, denominator)


@pytest.mark.parametrize("sql", FORMS)
def test_each_form_has_its_counterpart(sql: str) -> None:
    dax, tableau = FORMS[sql]
    assert dax_measure(measure(sql), MODEL) == f"SUMX(FILTER({T}, TRUE), {dax})"
    assert tableau_measure(measure(sql), lambda name: f"[{name}]") == f"SUM(IF TRUE THEN {tableau} END)"


@pytest.mark.parametrize("sql", WITHOUT_COUNTERPART)
def test_what_has_no_counterpart_is_refused_and_names_the_tool(sql: str) -> None:
    with pytest.raises(UntranslatedError, match=r"`.+` has no counterpart in Dax$"):
        dax_measure(measure(sql), MODEL)
    with pytest.raises(UntranslatedError, match=r"has no counterpart in Tableau$"):
        tableau_measure(measure(sql), lambda name: name)


def test_a_ratio_is_a_sum_over_a_sum_under_the_same_condition() -> None:
    ratio = measure("v", "d", "a")
    rows = f"FILTER({T}, {T}[Is active])"
    assert dax_measure(ratio, MODEL) == f"DIVIDE(SUMX({rows}, {T}[Value]), SUMX({rows}, {T}[Days]))"
    assert tableau_measure(ratio, lambda name: f"[{name}]") == "SUM(IF [a] THEN [v] END) / SUM(IF [a] THEN [d] END)"
    assert sql_columns(ratio) == {"v", "d", "a"} and sql_columns(measure("v")) == {"v"}


def test_the_sql_of_a_measure_is_its_figure() -> None:
    """On rows of which one is left out; nothing to divide by is no figure, and no error."""
    with duckdb.connect() as connection:
        connection.execute(
            "create table t as select * from (values (6, 2, true), (3, 1, true), (100, 1, false)) r(v, d, a)"
        )

        def value(one: Measure, prefix: str = "") -> object:
            return (connection.execute(f"select {sql_measure(one, prefix)} from t").fetchone() or ("no row",))[0]

        assert value(measure("v", "d", "a")) == 3 and value(measure("v", "", "a")) == 9
        assert value(measure("v", "d", "a"), "t.") == 3 and value(measure("v", "0")) is None
    assert sql_measure(measure("v + d", "", "a"), "{CUBE}.") == (
        "sum(case when {CUBE}.a then {CUBE}.v + {CUBE}.d end)"
    )  # fmt: skip
