"""Property tests of the parsers: nothing crashes them, and what is accepted means the same when written back."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.ingest.typing.text_macros import (
    EXCEL_SERIAL,
    PERIOD_END,
    PERIOD_START,
    date_macros,
    fit_decimal,
    format_pattern,
    install_macros,
    quick_date,
)


@pytest.fixture(scope="module")
def db():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    install_macros(connection)
    for suffix, formats in (
        ("", []),
        ("_dmy", ["%d/%m/%Y"]),
        ("_xl", [EXCEL_SERIAL]),
        ("_from", [PERIOD_START]),
        ("_to", [PERIOD_END]),
    ):
        for macro in date_macros(suffix, formats, "Asia/Shanghai"):
            connection.execute(macro)
    return connection


def one(db, sql, value):
    return db.execute(f"SELECT {sql} FROM (SELECT CAST(? AS VARCHAR) AS s)", [value]).fetchone()[0]


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=6))
@settings(deadline=None, max_examples=25)
def test_a_number_comes_back_however_it_is_written(db, number):
    plain = f"{number:f}"
    grouped = f"{number:,f}"
    body = plain.lstrip("-")
    written = [plain, grouped, f" {plain}\u3000", f"¥{grouped}" if number >= 0 else grouped]
    if number < 0:
        written += [f"({body})", f"{body}-"]
    wide = "".join(chr(ord(char) + 0xFEE0) if char != "." else "．" for char in plain)
    for text in [*written, wide]:
        assert one(db, "sk_number(s)", text) == number, text


def many(db, sql, values):
    """One statement for many texts: planning the nested macros costs more than running them."""
    query = f"SELECT {sql} FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS s)"
    return [row[0] for row in db.execute(query, [values]).fetchall()]


@given(st.lists(st.text(max_size=30), min_size=40, max_size=80))
@settings(deadline=None, max_examples=5)
def test_no_text_crashes_a_parser(db, texts):
    for macro in (
        "number",
        "integer",
        "date",
        "timestamp",
        "date_dmy",
        "date_xl",
        "date_from",
        "date_to",
        "boolean",
        "text",
        "code",
    ):
        assert len(many(db, f"sk_{macro}(s)", texts)) == len(texts)


@given(st.text(alphabet="0123456789.,-+()%eE¥ _", max_size=12))
@settings(deadline=None, max_examples=100)
def test_a_number_that_is_accepted_means_the_same_written_back(db, text):
    found = one(db, "sk_number(s)", text)
    if found is not None:
        assert one(db, "sk_number(s)", f"{found:f}") == found
        digits = [char for char in text if char.isdigit()]
        assert digits and "_" not in text
        if (
            set(text.strip()) <= set("0123456789.-+")
            and text.strip().strip("+-").count(".") <= 1
            and not text.strip().endswith("-")
        ):
            assert found == Decimal(text.strip()).quantize(Decimal("1e-10"))


@given(st.lists(st.dates(dt.date(1950, 1, 1), dt.date(2199, 12, 31)), min_size=40, max_size=80))
@settings(deadline=None, max_examples=3)
def test_a_date_comes_back_however_it_is_written(db, days):
    for form in (
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%Y%m%d",
        "%Y年%m月%d日",
        "%Y-%m-%d 00:00:00",
        "%Y-%m-%dT10:11:12",
    ):
        assert many(db, "sk_date(s)", [day.strftime(form) for day in days]) == days, form
    assert many(db, "sk_date(s)", [f"{day.year}/{day.month}/{day.day}" for day in days]) == days
    assert many(db, "sk_date_dmy(s)", [day.strftime("%d/%m/%Y") for day in days]) == days
    serials = [(day - dt.date(1899, 12, 30)).days for day in days]
    # Five digits reach to the year 2173; six could be a year and month.
    expected = [day if serial < 100_000 else None for day, serial in zip(days, serials, strict=True)]
    assert many(db, "sk_date_xl(s)", [str(serial) for serial in serials]) == expected


@given(
    st.lists(
        st.tuples(st.dates(dt.date(1950, 1, 1), dt.date(2190, 1, 1)), st.integers(0, 400)), min_size=40, max_size=60
    )
)
@settings(deadline=None, max_examples=3)
def test_a_month_or_a_span_stands_for_its_first_or_last_day(db, spans):
    days = [(first, first + dt.timedelta(days=length)) for first, length in spans]
    texts, firsts, lasts = [], [], []
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"):
        for link in ("至", " - ", "~", "～", "到"):
            texts += [f"{first:{form}}{link}{last:{form}}" for first, last in days]
            firsts, lasts = firsts + [first for first, _ in days], lasts + [last for _, last in days]
    months = [f"{first:{form}}" for form in ("%Y-%m", "%Y%m", "%Y/%m", "%Y年%m月") for first, _ in days]
    firsts += [first.replace(day=1) for first, _ in days] * 4
    lasts += [
        (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1) for first, _ in days
    ] * 4
    assert many(db, "sk_date_from(s)", texts + months) == firsts
    assert many(db, "sk_date_to(s)", texts + months) == lasts
    assert set(many(db, "sk_date(s)", texts + months)) == {None}
    nothing = ["2024-13", "202400", "2024-01-01至", "至2024-01-31", "2024-02-30至2024-02-31"]
    assert many(db, "sk_date_to(s)", nothing) == [None] * 5


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024-13-01",
        "2024015",
        "24-1-5",
        "31/12/2024",
        "12/31/2024",
        "45296",
        "20241301",
        "0012-01-05",
        "2024-01",
    ],
)
def test_a_date_that_could_mean_something_else_is_not_guessed(db, text):
    assert one(db, "sk_date(s)", text) is None
    assert one(db, "sk_date_is_blank(s)", text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1900-01-01",
        "0001-01-01",
        "9999-12-31",
        "00000000",
        "0",
        "1899-12-30",
        "9999-12-31 00:00:00",
        "00/00/0000",
    ],
)
def test_initial_values_are_no_dates(db, text):
    assert one(db, "sk_date(s)", text) is None
    assert one(db, "sk_date_is_blank(s)", text) is True


@pytest.mark.parametrize("text", ["", "-", "—", "－", "\u3000"])
def test_a_dash_is_no_number_and_not_zero(db, text):
    assert one(db, "sk_number(s)", text) is None
    assert one(db, "sk_number_is_blank(s)", text) is True


@pytest.mark.parametrize(
    "text", ["3箱2个", "1,5", "12,34", "abc", "1_000", "0x1F", "nan", "inf", "1.2.3", "--5", "9" * 40]
)
def test_what_is_no_number_is_not_guessed(db, text):
    assert one(db, "sk_number(s)", text) is None
    assert one(db, "sk_number_is_blank(s)", text) is False


def test_a_percentage_is_a_share(db):
    assert one(db, "sk_number(s)", "12.5%") == Decimal("0.125")


@pytest.mark.parametrize("form", ["%Y", "%Y-%m", "%H:%M", "%d/%m/%Y %Y", "%Y-%m-%q"])
def test_a_format_names_year_month_and_day_once(form):
    with pytest.raises(ValueError, match="format"):
        format_pattern(form)


@given(st.lists(st.decimals(min_value=-(10**12), max_value=10**12, places=10), min_size=20, max_size=60))
@settings(deadline=None, max_examples=10)
def test_a_number_is_rounded_alike_on_the_short_way_and_the_long_one(db, numbers):
    source = "(SELECT CAST(s AS DECIMAL(38,10)) AS v FROM (SELECT unnest(CAST(? AS VARCHAR[])) AS s))"
    for kind in ("DECIMAL(28,6)", "DECIMAL(28,8)", "DECIMAL(24,4)"):
        query = f"SELECT {fit_decimal('v', kind)}, TRY_CAST(v AS {kind}) FROM {source}"
        rows = db.execute(query, [[f"{number:f}" for number in numbers]]).fetchall()
        assert all(short == long for short, long in rows)
        places = Decimal(1).scaleb(-int(kind[-2]))
        assert [row[0] for row in rows] == [number.quantize(places, rounding=ROUND_HALF_UP) for number in numbers]


@given(st.lists(st.datetimes(dt.datetime(1940, 1, 1), dt.datetime(2210, 1, 1)), min_size=40, max_size=80))
@settings(deadline=None, max_examples=5)
def test_the_quick_reading_says_nothing_else_than_the_full_one(db, moments):
    stamps = [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments]
    for quick, full, texts in (
        ("sk_quick_timestamp(s)", "sk_timestamp(s)", stamps),
        (quick_date("s"), "sk_date(s)", [text[:10] for text in stamps]),
    ):
        pairs = zip(many(db, quick, texts), many(db, full, texts), strict=True)
        assert all(one == other for one, other in pairs if one is not None)
    assert (
        many(db, "sk_quick_timestamp(s)", ["2024-02-30 08:00:00", "2024-01-05 25:00:00", "1949-01-01 00:00:00"])
        == [None] * 3
    )
