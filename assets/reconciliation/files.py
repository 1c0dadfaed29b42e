"""Files whose columns are wrong as a whole: another scale, two columns swapped, day and month swapped, another sign.

Each row of a file is compared with its own item's usual figure in the same kind of document. How far rows usually lie from
it is learned from the data; a heavy-tailed code (Cauchy) keeps single odd rows from deciding. The hypotheses compete in
bits, as lists do (`list_walk`), so that the stated bound on false alarms holds here too: 2**-ACCEPT_BITS for each file.

Assumption: an item's prices, spans and order sizes are of one magnitude. Drawback: an item with fewer than `LEAST_KNOWN`
other rows is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.reconciliation.code_length import Units
from assets.reconciliation.hypotheses import FACTOR_BITS, PRIOR_BITS
from assets.reconciliation.list_walk import ACCEPT_BITS

# One row per line of a file and measure. `value` is the figure of the line, `usual_value` the median of the item's figures in
# this kind of document, `known_rows` how many there are, `own_rows` how many of them are of this file. `kind` is `amount`
# (compared by ratio) or `days` (compared by difference). `other_value` is what the measure would be with its partner column
# swapped in (amounts) or with day and month swapped (days); null where there is none.
COLUMNS = (
    "contract", "source_instance", "source_file", "extract_date", "source_row", "measure", "kind", "value", "usual_value",
    "other_value", "known_rows", "own_rows",
)  # fmt: skip
ERROR_COLUMNS = (
    "cause", "contract", "source_instance", "source_file", "extract_date", "measure", "factor", "rows_wrong", "rows_tested",
    "saved_bits", "first_row",
)  # fmt: skip

LEAST_KNOWN = 4
LEAST_ROWS = 3
# A file is not off by less than twice: prices of a sale or of a season move by less (demo company, November 2026: 0.55).
LEAST_LOG_FACTOR = float(np.log(2.0))
# A whole file lies this many of its usual spreads away before another scale is considered at all.
FILE_SPREADS = 6.0
SMALLEST_SPREAD = {"amount": 0.02, "days": 2.0}


@dataclass(frozen=True)
class _Claim:
    """One hypothesis about one file, with the rows of the table that it puts right."""

    cause: str
    measure: str
    factor: float | None
    saved_bits: float
    rows: np.ndarray


def file_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Files with a column that is wrong as a whole.

    Args:
        rows: lines of files with `COLUMNS`; amounts in the contract's units, days as numbers.

    Returns:
        One row per file and cause with `ERROR_COLUMNS`, in order of contract, source and file.
    """
    usable = rows[
        (rows["known_rows"] >= LEAST_KNOWN) & (3 * rows["own_rows"] <= rows["known_rows"]) & rows["usual_value"].notna()
    ].sort_values(["contract", "source_instance", "source_file", "measure", "source_row"], ignore_index=True)
    found = []
    for (contract, source), of_source in usable.groupby(["contract", "source_instance"], sort=True):
        spreads = {str(measure): _spread(lines) for measure, lines in of_source.groupby("measure", sort=True)}
        shifts = {str(measure): _file_spread(lines) for measure, lines in of_source.groupby("measure", sort=True)}
        signs = {str(measure): float((lines["value"] < 0).sum()) for measure, lines in of_source.groupby("measure")}
        sizes = of_source.groupby("measure").size().to_dict()
        for file, lines in of_source.groupby("source_file", sort=True):
            for claim in _best(lines, spreads, shifts, signs, {str(name): int(size) for name, size in sizes.items()}):
                wrong = lines.loc[claim.rows]
                found.append(
                    (claim.cause, contract, source, file, wrong["extract_date"].iloc[0], claim.measure, claim.factor,
                     int(wrong["source_row"].nunique()), int(lines["source_row"].nunique()), round(claim.saved_bits, 3),
                     int(wrong["source_row"].min()))
                )  # fmt: skip
    return pd.DataFrame(found, columns=list(ERROR_COLUMNS))


def _best(
    lines: pd.DataFrame,
    spreads: dict[str, float],
    shifts: dict[str, float],
    signs: dict[str, float],
    sizes: dict[str, int],
) -> Iterator[_Claim]:
    """The claims that hold for a file, best first; a row is put right once."""
    claims = sorted(_claims(lines, spreads, shifts, signs, sizes), key=lambda claim: (-claim.saved_bits, claim.cause))
    taken: set[int] = set()
    for claim in claims:
        if claim.saved_bits >= ACCEPT_BITS and not taken.intersection(claim.rows.tolist()):
            taken.update(claim.rows.tolist())
            yield claim


def _claims(
    lines: pd.DataFrame,
    spreads: dict[str, float],
    shifts: dict[str, float],
    signs: dict[str, float],
    sizes: dict[str, int],
) -> Iterator[_Claim]:
    swapped: list[tuple[str, float, np.ndarray]] = []
    for name, group in lines.groupby("measure", sort=True):
        measure, kind = str(name), str(group["kind"].iloc[0])
        if len(group) < LEAST_ROWS:
            continue
        yield from _sign(group, measure, signs[measure], sizes[measure])
        gap = _gap(group["value"], group["usual_value"], kind)
        plain = _bits(gap, spreads[measure])
        if kind == "amount":
            yield from _scale(group, measure, gap, plain, spreads[measure], shifts[measure])
        other = group["other_value"].notna().to_numpy()
        if other.any():
            instead = np.where(other, _gap(group["other_value"], group["usual_value"], kind), gap)
            saved = plain - _bits(instead, spreads[measure])
            if kind == "days":
                total = float(saved[other].sum()) - PRIOR_BITS
                yield _Claim("date_order", measure, None, total, group.index.to_numpy()[other & (saved > 0)])
            else:
                swapped.append((measure, float(saved[other].sum()), group.index.to_numpy()[other]))
    if len(swapped) >= 2:
        total = sum(saved for _, saved, _ in swapped) - PRIOR_BITS - np.log2(len(swapped))
        names = ", ".join(measure for measure, _, _ in swapped)
        yield _Claim("columns_swapped", names, None, total, np.concatenate([rows for _, _, rows in swapped]))


def _scale(
    group: pd.DataFrame, measure: str, gap: Units, plain: Units, spread: float, file_spread: float
) -> Iterator[_Claim]:
    shift = float(np.median(gap))
    if abs(shift) < max(LEAST_LOG_FACTOR, FILE_SPREADS * file_spread):
        return
    factor = _round_factor(float(np.exp(shift)))
    saved = plain - _bits(gap - np.log(factor), spread)
    yield _Claim("wrong_scale", measure, factor, float(saved.sum()) - PRIOR_BITS - FACTOR_BITS, group.index.to_numpy())


def _sign(group: pd.DataFrame, measure: str, negative: float, known: int) -> Iterator[_Claim]:
    """More lines below zero than this kind of document has elsewhere (two binomials against one)."""
    below = (group["value"] < 0).to_numpy()
    here, lines = int(below.sum()), len(group)
    if here < 2:
        return
    usual = (negative - here + 1.0) / (known - lines + 2.0)
    share = here / lines
    if share <= 2 * usual:
        return
    saved = here * np.log2(share / usual)
    if lines > here:
        saved += (lines - here) * np.log2((1 - share) / (1 - usual))
    yield _Claim("wrong_sign", measure, None, float(saved) - PRIOR_BITS, group.index.to_numpy()[below])


def _gap(value: pd.Series, usual: pd.Series, kind: str) -> Units:
    """Log ratio of amounts (signs apart), difference of days; 0 where a ratio does not exist."""
    left, right = value.to_numpy(dtype=np.float64), usual.to_numpy(dtype=np.float64)
    if kind == "days":
        return np.nan_to_num(left - right)
    usable = (np.abs(left) > 0) & (np.abs(right) > 0) & np.isfinite(left) & np.isfinite(right)
    return np.where(usable, np.log(np.where(usable, np.abs(left), 1.0) / np.where(usable, np.abs(right), 1.0)), 0.0)


def _bits(gap: Units, spread: float) -> Units:
    """Code length of gaps under a Cauchy law, without its constant."""
    return np.log2(1.0 + (gap / spread) ** 2)


def _spread(lines: pd.DataFrame) -> float:
    """Usual distance of a row from its item's usual figure: the median of all rows."""
    kind = str(lines["kind"].iloc[0])
    gap = np.abs(_gap(lines["value"], lines["usual_value"], kind))
    return max(SMALLEST_SPREAD[kind], float(np.median(gap)))


def _file_spread(lines: pd.DataFrame) -> float:
    """Usual distance of a whole file: the median over files of the distance of their median row."""
    kind = str(lines["kind"].iloc[0])
    gap = pd.Series(_gap(lines["value"], lines["usual_value"], kind))
    return float(gap.groupby(lines["source_file"].to_numpy()).median().abs().median())


def _round_factor(factor: float) -> float:
    """The power of ten within a fifth of the factor, else three digits."""
    power = 10.0 ** round(np.log10(factor))
    return float(power) if abs(np.log(factor / power)) < np.log(1.2) else float(f"{factor:.3g}")
