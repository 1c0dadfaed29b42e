"""The pictures, as Altair charts of small frames. Pure: a frame and words in, a chart out."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dashboard.texts import Words

Picture = Any  # an Altair chart; its classes differ by what is layered, and every caller only hands it on
INK, BLUE, TEAL, AMBER, RED, GREY = "#1f2a37", "#2563a8", "#2a9d8f", "#e0a030", "#c8453c", "#9aa5b1"
AGES = ["#bfe3dc", "#8fcfc2", "#f0d9a0", "#e0a030", "#d9773f", "#b83a32"]  # young to old
# Axis numbers follow the language: Chinese counts in 万 and 亿.
_MONEY_AXIS = {
    "en": "datum.value >= 1e6 || datum.value <= -1e6 ? format(datum.value / 1e6, ',.4~g') + 'M' :"
    " abs(datum.value) >= 1e3 ? format(datum.value / 1e3, ',.4~g') + 'K' : format(datum.value, ',.4~g')",
    "zh": "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.4~g') + '亿' :"
    " abs(datum.value) >= 1e4 ? format(datum.value / 1e4, ',.4~g') + '万' : format(datum.value, ',.4~g')",
}


def money_axis(words: Words, title: str | None = None) -> alt.Axis:
    return alt.Axis(labelExpr=_MONEY_AXIS[words.language], title=title, tickCount=5)


def _month_axis(words: Words) -> alt.Axis:
    return alt.Axis(format="%Y-%m", title=None, tickCount=8, labelOverlap=True)


def _styled(chart: Picture, height: int) -> Picture:
    return chart.properties(height=height).configure_view(strokeWidth=0).configure_axis(
        grid=True, gridColor="#eef1f4", domain=False, ticks=False, labelColor="#52606d", titleColor="#52606d"
    )  # fmt: skip


def _label_left(mark: pd.DataFrame, colour: str) -> list[Picture]:
    """The text of a horizontal line above its left end, with a white seam so that it reads over an area."""
    base = alt.Chart(mark).encode(y="y:Q", x=alt.value(0), text="text:N")
    place: dict[str, Any] = {"align": "left", "dx": 4, "dy": -8, "fontWeight": "bold"}
    seam = base.mark_text(stroke="white", strokeWidth=4, strokeOpacity=0.9, color="white", **place)
    return [seam, base.mark_text(color=colour, **place)]


def value_and_turnover(frame: pd.DataFrame, words: Words) -> Picture:
    """Bars: inventory value at month end. Line, own axis on the right: annualised turnover."""
    # An accounting period is known by the calendar month that it is mostly in: one from 29 June on is July.
    frame = frame.assign(month=pd.to_datetime(frame["month_start_date"]) + pd.Timedelta(days=14))
    bars = (
        alt.Chart(frame)
        .mark_bar(color="#c9d8ea", width={"band": 0.7})
        .encode(
            x=alt.X("yearmonth(month):O", axis=alt.Axis(format="%y-%m", title=None, labelOverlap=True)),
            y=alt.Y("ending_value:Q", axis=money_axis(words, words("inventory_value"))),
            tooltip=[
                alt.Tooltip("month:T", title=words("month"), format="%Y-%m"),
                alt.Tooltip("ending_value:Q", title=words("inventory_value"), format=",.0f"),
                alt.Tooltip("inventory_turnover:Q", title=words("turnover"), format=".2f"),
            ],
        )
    )
    line = (
        alt.Chart(frame)
        .mark_line(color=BLUE, strokeWidth=2.5, point=alt.OverlayMarkDef(size=24, color=BLUE))
        .encode(
            x="yearmonth(month):O",
            y=alt.Y("inventory_turnover:Q", axis=alt.Axis(title=words("turnover"), grid=False, titleColor=BLUE)),
        )
    )
    return _styled(alt.layer(bars, line).resolve_scale(y="independent"), 260)


def rate_line(frame: pd.DataFrame, column: str, words: Words, target: float | None) -> Picture:
    """A share by month, with its target."""
    line = (
        alt.Chart(frame)
        .mark_area(color="#f3d9d7", line={"color": RED, "strokeWidth": 2})
        .encode(
            x=alt.X("month_start_date:T", axis=_month_axis(words)),
            y=alt.Y(f"{column}:Q", axis=alt.Axis(format=".1%", title=None)),
            tooltip=[
                alt.Tooltip("month_start_date:T", title=words("month"), format="%Y-%m"),
                alt.Tooltip(f"{column}:Q", format=".2%", title=words("share")),
            ],
        )
    )
    layers = [line]
    if target is not None:
        mark = pd.DataFrame({"y": [target], "text": [words("target", value=words.percent(target))]})
        layers.append(alt.Chart(mark).mark_rule(color=INK, strokeDash=[5, 4]).encode(y="y:Q"))
        layers += _label_left(mark, INK)
    return _styled(alt.layer(*layers), 260)


def stacked_capital(frame: pd.DataFrame, words: Words) -> Picture:
    """Capital by name, split into healthy, excess and dead."""
    shown = frame.assign(
        healthy=frame["total_value"] - frame["excess_value"].fillna(0) - frame["dead_value"].fillna(0)
    ).rename(columns={"excess_value": "excess", "dead_value": "dead"})
    parts = ["healthy", "excess", "dead"]
    long = shown.melt(id_vars=["name", "total_value"], value_vars=parts, var_name="part", value_name="amount")
    long["order"] = long["part"].map({part: place for place, part in enumerate(parts)})
    long["part"] = long["part"].map({part: words(part) for part in parts})
    order = list(frame["name"])
    chart = (
        alt.Chart(long)
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("name:N", sort=order, axis=alt.Axis(title=None, labelLimit=140, labelOverlap=False)),
            x=alt.X("amount:Q", axis=money_axis(words)),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=[words(part) for part in parts], range=["#8fb8de", AMBER, RED]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            order="order:Q",
            tooltip=["name:N", "part:N", alt.Tooltip("amount:Q", format=",.0f")],
        )
    )
    sums = shown.assign(text=[words.money(value) for value in shown["total_value"]])
    total = alt.Chart(sums).mark_text(align="left", dx=4, color="#52606d").encode(
        y=alt.Y("name:N", sort=order), x="total_value:Q", text="text:N"
    )  # fmt: skip
    return _styled(alt.layer(chart, total), max(160, 30 * len(order) + 90))


def waterfall(frame: pd.DataFrame, words: Words) -> Picture:
    """Value by age bucket, each bar beginning where the one before ended, and the total."""
    values = frame["stock_value"].fillna(0)
    total = float(values.sum())
    steps = pd.DataFrame(
        {
            "label": [*frame["bucket_label"], words("total")],
            "start": [*(values.cumsum() - values), 0.0],
            "end": [*values.cumsum(), total],
            "amount": [*values, total],
            "share": [*(values / total if total else values * 0), 1.0],
            "order": range(len(frame) + 1),
        }
    )
    colours = [*AGES[: len(frame)], *[AGES[-1]] * max(0, len(frame) - len(AGES)), INK]
    base = alt.Chart(steps).encode(
        x=alt.X("label:N", sort=list(steps["label"]), axis=alt.Axis(title=None, labelAngle=0))
    )
    bars = base.mark_bar(cornerRadius=2).encode(
        y=alt.Y("start:Q", axis=money_axis(words)),
        y2="end:Q",
        color=alt.Color("label:N", scale=alt.Scale(domain=list(steps["label"]), range=colours), legend=None),
        tooltip=[
            alt.Tooltip("label:N", title=words("bucket")),
            alt.Tooltip("amount:Q", format=",.0f", title=words("inventory_value")),
            alt.Tooltip("share:Q", format=".1%", title=words("share")),
        ],
    )
    labels = base.mark_text(dy=-8, color=INK, fontSize=12).encode(y="end:Q", text=alt.Text("share:Q", format=".0%"))
    return _styled(alt.layer(bars, labels), 300)


def age_mix(frame: pd.DataFrame, words: Words) -> Picture:
    """Share of each age bucket by month end."""
    order = list(frame.sort_values("bucket_no")["bucket_label"].drop_duplicates())
    chart = (
        alt.Chart(frame)
        .mark_area()
        .encode(
            x=alt.X("snapshot_date:T", axis=_month_axis(words)),
            y=alt.Y("stock_value:Q", stack="normalize", axis=alt.Axis(format="%", title=None)),
            color=alt.Color(
                "bucket_label:N",
                sort=order,
                scale=alt.Scale(domain=order, range=AGES),
                legend=alt.Legend(title=words("bucket"), orient="top"),
            ),
            order="bucket_no:Q",
            tooltip=[
                alt.Tooltip("snapshot_date:T", format="%Y-%m-%d", title=words("date")),
                alt.Tooltip("bucket_label:N", title=words("bucket")),
                alt.Tooltip("stock_value:Q", format=",.0f", title=words("inventory_value")),
            ],
        )
    )
    return _styled(chart, 300)


def bars(frame: pd.DataFrame, name: str, amount: str, words: Words, colour: str = RED) -> Picture:
    """Horizontal bars of money, largest first."""
    order = list(frame[name])
    chart = (
        alt.Chart(frame)
        .mark_bar(color=colour, cornerRadius=2)
        .encode(
            y=alt.Y(f"{name}:N", sort=order, axis=alt.Axis(title=None, labelLimit=180)),
            x=alt.X(f"{amount}:Q", axis=money_axis(words)),
            tooltip=[alt.Tooltip(f"{name}:N"), alt.Tooltip(f"{amount}:Q", format=",.0f")],
        )
    )
    said = frame.assign(text=[words.money(value) for value in frame[amount]])
    sums = alt.Chart(said).mark_text(align="left", dx=4, color="#52606d").encode(
        y=alt.Y(f"{name}:N", sort=order), x=f"{amount}:Q", text="text:N"
    )  # fmt: skip
    return _styled(alt.layer(chart, sums), max(120, 34 * len(order) + 40))


def columns(
    frame: pd.DataFrame,
    name: str,
    amount: str,
    words: Words,
    kind: str = "O",
    *,
    money: bool = True,
    title: str | None = None,
) -> Picture:
    """Vertical bars in the order of the frame; `title` is below the axis."""
    axis = money_axis(words) if money else alt.Axis(title=None)
    chart = (
        alt.Chart(frame)
        .mark_bar(color=BLUE, cornerRadius=2, size=max(6, min(48, 420 // max(1, len(frame)))))
        .encode(
            x=alt.X(
                f"{name}:{kind}", sort=list(frame[name]), axis=alt.Axis(title=title, labelOverlap=True, labelAngle=0)
            ),
            y=alt.Y(f"{amount}:Q", axis=axis),
            tooltip=[alt.Tooltip(f"{name}:{kind}"), alt.Tooltip(f"{amount}:Q", format=",.0f")],
        )
    )
    return _styled(chart, 240)


def recovered(frame: pd.DataFrame, words: Words) -> Picture:
    """Book value by way out, split into what is expected back and what is lost."""
    names = {"expected_recovery_value": words("recovered"), "expected_loss_value": words("lost")}
    parts, order = list(names.values()), list(frame["way"])
    long = frame.rename(columns=names).melt(id_vars=["way"], value_vars=parts, var_name="part", value_name="amount")
    chart = (
        alt.Chart(long)
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("way:N", sort=order, axis=alt.Axis(title=None, labelLimit=180, labelOverlap=False)),
            x=alt.X("amount:Q", axis=money_axis(words)),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=parts, range=[TEAL, "#e6b8b5"]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=["way:N", "part:N", alt.Tooltip("amount:Q", format=",.0f")],
        )
    )
    return _styled(chart, max(170, 36 * len(order) + 90))


def plan_and_past(frame: pd.DataFrame, figure: str, words: Words, *, is_rate: bool) -> Picture:
    """By ABC class: what was done beside what the plan would have done (`actual_<figure>`, `replay_<figure>`)."""
    names = {f"actual_{figure}": words("past"), f"replay_{figure}": words("plan")}
    sides = list(names.values())
    long = frame.rename(columns=names).melt(
        id_vars=["abc_class"], value_vars=sides, var_name="side", value_name="amount"
    )
    axis = alt.Axis(format="%", title=None) if is_rate else money_axis(words)
    chart = (
        alt.Chart(long)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("abc_class:N", axis=alt.Axis(title=None, labelAngle=0)),
            xOffset=alt.XOffset("side:N", sort=sides),
            y=alt.Y("amount:Q", axis=axis),
            color=alt.Color(
                "side:N",
                scale=alt.Scale(domain=sides, range=["#c9d8ea", BLUE]),
                legend=alt.Legend(title=None, orient="top"),
            ),
            tooltip=["abc_class:N", "side:N", alt.Tooltip("amount:Q", format=".1%" if is_rate else ",.0f")],
        )
    )
    form = words.percent if is_rate else words.money
    said = long.assign(text=[form(value) for value in long["amount"]])
    labels = alt.Chart(said).mark_text(dy=-7, color="#52606d").encode(
        x="abc_class:N", xOffset=alt.XOffset("side:N", sort=sides), y="amount:Q", text="text:N"
    )  # fmt: skip
    return _styled(alt.layer(chart, labels), 280)


def nine_cells(frame: pd.DataFrame, words: Words) -> Picture:
    """The ABC-XYZ matrix: colour is the share of capital; the text says share, items and turnover."""
    total = frame["inventory_value"].sum() or 1.0
    shown = frame.assign(share=frame["inventory_value"].fillna(0) / total)
    shown["text"] = [
        f"{share:.0%} · {words('cell_items', n=f'{items:,}')}"
        for share, items in zip(shown["share"], shown["items"], strict=True)
    ]  # fmt: skip
    shown["speed"] = [f"{words('turnover')} {words.number(value, 1)}" for value in shown["turnover"]]
    base = alt.Chart(shown).encode(
        x=alt.X("xyz_class:N", axis=alt.Axis(title=None, labelAngle=0, orient="top", labelFontSize=14)),
        y=alt.Y("abc_class:N", axis=alt.Axis(title=None, labelFontSize=14)),
        tooltip=[
            alt.Tooltip("abc_class:N", title="ABC"),
            alt.Tooltip("xyz_class:N", title="XYZ"),
            alt.Tooltip("items:Q", title=words("items"), format=","),
            alt.Tooltip("inventory_value:Q", title=words("inventory_value"), format=",.0f"),
            alt.Tooltip("dead_stock_value:Q", title=words("dead_value"), format=",.0f"),
            alt.Tooltip("turnover:Q", title=words("turnover"), format=".2f"),
            alt.Tooltip("stockout_line_rate:Q", title=words("kpi_stockout_line_rate"), format=".2%"),
        ],
    )
    cells = base.mark_rect(cornerRadius=6, stroke="white", strokeWidth=4).encode(
        color=alt.Color("share:Q", scale=alt.Scale(range=["#eaf1f8", "#7fb0de"]), legend=None)
    )
    first = base.mark_text(dy=-8, fontSize=15, fontWeight="bold", color=INK).encode(text="text:N")
    second = base.mark_text(dy=12, fontSize=12, color="#3e4c59").encode(text="speed:N")
    return _styled(alt.layer(cells, first, second), 320)


def stock_steps(frame: pd.DataFrame, words: Words, reorder_point: float | None) -> Picture:
    """On hand over time as steps, with the reorder point."""
    end = frame.tail(1).assign(from_date=frame["valid_to_date"].tail(1))  # the last interval needs its end drawn
    points = pd.concat([frame, end])
    area = (
        alt.Chart(points)
        .mark_area(color="#dbe8f5", line={"color": BLUE, "strokeWidth": 2}, interpolate="step-after")
        .encode(
            x=alt.X("from_date:T", axis=_month_axis(words)),
            y=alt.Y("on_hand_units:Q", axis=alt.Axis(title=words("units"))),
            tooltip=[
                alt.Tooltip("from_date:T", format="%Y-%m-%d", title=words("date")),
                alt.Tooltip("on_hand_units:Q", format=",.0f", title=words("on_hand")),
            ],
        )
    )
    layers = [area]
    if reorder_point is not None:
        mark = pd.DataFrame({"y": [reorder_point], "text": [words("reorder_point")]})
        layers.append(alt.Chart(mark).mark_rule(color=AMBER, strokeDash=[6, 4], strokeWidth=2).encode(y="y:Q"))
        layers += _label_left(mark, "#8a5a0b")
    return _styled(alt.layer(*layers), 240)


def demand_fan(history: pd.DataFrame, fan: pd.DataFrame, words: Words) -> Picture:
    """Bars of past demand, then the forecast: median, the middle half, nine tenths."""
    x = alt.X("period_start_date:T", axis=_month_axis(words))
    past = (
        alt.Chart(history)
        .mark_bar(color=GREY, width=4)
        .encode(
            x=x,
            y=alt.Y("demand_units:Q", axis=alt.Axis(title=words("units"))),
            tooltip=[
                alt.Tooltip("period_start_date:T", format="%Y-%m-%d", title=words("date")),
                alt.Tooltip("demand_units:Q", format=",.1f", title=words("demand")),
            ],
        )
    )
    layers = [past]
    if not fan.empty:
        base = alt.Chart(fan).encode(x=x)
        layers.append(base.mark_area(color=TEAL, opacity=0.18).encode(y="q05_units:Q", y2="q95_units:Q"))
        layers.append(base.mark_area(color=TEAL, opacity=0.35).encode(y="q25_units:Q", y2="q75_units:Q"))
        tips = [
            alt.Tooltip(f"{name}_units:Q", format=",.1f", title=title)
            for name, title in (("mean", words("forecast")), ("q05", "5 %"), ("q50", "50 %"), ("q95", "95 %"))
        ]
        layers.append(
            base.mark_line(color=TEAL, strokeWidth=2.5, point=alt.OverlayMarkDef(color=TEAL)).encode(
                y="q50_units:Q", tooltip=tips
            )
        )
    return _styled(alt.layer(*layers), 260)
