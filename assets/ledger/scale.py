"""Scaled integers: how the ledger counts, so that units and value are conserved exactly.

Every figure inside the kernel is a 64-bit integer: units in millionths, unit costs in hundred-millionths, values in ten-thousandths of
the currency. That holds up to 9.2e12 units, 9.2e10 of currency per unit and 9.2e14 of currency; what is larger is refused, never wrapped.
What belongs here: the scales, the change between Arrow decimals and integers, and the refusal. No arithmetic of the ledger.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

UNIT_SCALE = 10**6
COST_SCALE = 10**8
VALUE_SCALE = 10**4
VALUE_DIVISOR = UNIT_SCALE * COST_SCALE // VALUE_SCALE
"""units x unit cost, both scaled, divided by this is a scaled value."""

NULL_COST = -(2**63)
"""Marks a unit cost that the source does not give."""

LIMIT = 9.0e18
"""Sums beyond this are refused; a little under 2**63 so that rounding in the check cannot hide an overflow."""

UNITS_TYPE = pa.decimal128(28, 6)
COST_TYPE = pa.decimal128(28, 8)
VALUE_TYPE = pa.decimal128(24, 4)


class LedgerOverflowError(ValueError):
    """A quantity or value is too large to be counted exactly in 64 bits."""


class LedgerInputError(ValueError):
    """The movements lack a column or break a promise that the ledger relies on."""


def to_scaled(
    column: pa.ChunkedArray | pa.Array, decimal_type: pa.Decimal128Type, null_value: int, what: str
) -> NDArray[np.int64]:
    """A numeric Arrow column as scaled integers (`decimal_type.scale` decimals); nulls become `null_value`.

    Floats and decimals with more decimals are rounded half away from zero to the scale first.
    Raises LedgerOverflowError when a figure does not fit 64 bits.
    """
    if pa.types.is_null(column.type):
        return np.full(len(column), null_value, dtype=np.int64)
    if column.type != decimal_type:
        column = _as_decimal(column, decimal_type, what)
    if isinstance(column, pa.ChunkedArray):
        parts = [_chunk_to_scaled(chunk, null_value, what) for chunk in column.chunks]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
    return _chunk_to_scaled(column, null_value, what)


def _as_decimal(
    column: pa.ChunkedArray | pa.Array, decimal_type: pa.Decimal128Type, what: str
) -> pa.ChunkedArray | pa.Array:
    try:
        if pa.types.is_floating(column.type) or (
            pa.types.is_decimal(column.type) and column.type.scale > decimal_type.scale
        ):
            column = pc.round(column, ndigits=decimal_type.scale, round_mode="half_towards_infinity")
        return pc.cast(column, decimal_type)
    except pa.ArrowInvalid as error:
        raise LedgerOverflowError(f"{what} does not fit {decimal_type}: {error}") from error


def _chunk_to_scaled(chunk: pa.Array, null_value: int, what: str) -> NDArray[np.int64]:
    count = len(chunk)
    if count == 0:
        return np.empty(0, dtype=np.int64)
    words = np.frombuffer(chunk.buffers()[1], dtype=np.int64)[2 * chunk.offset : 2 * (chunk.offset + count)]
    low, high = words[0::2], words[1::2]
    fits = high == (low >> 63)
    if chunk.null_count:
        valid = np.asarray(chunk.is_valid())
        low = np.where(valid, low, null_value)
        fits = fits | ~valid
    if not fits.all():
        worst = chunk[int(np.argmin(fits))]
        raise LedgerOverflowError(
            f"{what} {worst} is too large: the ledger counts exactly up to 2^63 in steps of its scale"
        )
    return np.ascontiguousarray(low)


def to_decimal(
    scaled: NDArray[np.int64], decimal_type: pa.Decimal128Type, valid: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Scaled integers as an Arrow decimal column; rows where `valid` is false become null."""
    words = np.empty((len(scaled), 2), dtype=np.int64)
    words[:, 0] = scaled
    words[:, 1] = scaled >> 63
    mask, nulls = None, 0
    if valid is not None:
        nulls = int(len(valid) - np.count_nonzero(valid))
        mask = pa.array(valid).buffers()[1] if nulls else None
    return pa.Array.from_buffers(decimal_type, len(scaled), [mask, pa.py_buffer(words)], null_count=nulls)
