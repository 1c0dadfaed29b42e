"""Exact a x b / d on 64-bit integers with a 128-bit product in between: the one rounding of the ledger.

Rounds half away from zero, as people round money. Compiled; no state.
"""

from __future__ import annotations

import numpy as np

from assets.ledger.jit import part

OVERFLOW = -(2**63)
"""What `muldiv` answers when the quotient does not fit 63 bits."""

_MASK = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)
_ONE = np.uint64(1)
_TOP = np.uint64(0x7FFFFFFFFFFFFFFF)
_BASE = np.uint64(1 << 32)


@part
def divide_wide(high, low, divisor):  # type: ignore[no-untyped-def]
    """(high, low) / divisor for high < divisor: quotient and remainder, two digits of base 2^32 (Knuth, TAOCP 4.3.1 D)."""
    shift = np.uint64(0)
    d = divisor
    while d < np.uint64(0x8000000000000000):
        d = d << _ONE
        shift += _ONE
    if shift > np.uint64(0):
        high = (high << shift) | (low >> (np.uint64(64) - shift))
        low = low << shift
    d1, d0 = d >> _S32, d & _MASK
    n1, n0 = low >> _S32, low & _MASK
    q1 = high // d1
    r = high - q1 * d1
    while q1 >= _BASE or q1 * d0 > ((r << _S32) | n1):
        q1 -= _ONE
        r += d1
        if r >= _BASE:
            break
    mid = ((high << _S32) | n1) - q1 * d
    q0 = mid // d1
    r = mid - q0 * d1
    while q0 >= _BASE or q0 * d0 > ((r << _S32) | n0):
        q0 -= _ONE
        r += d1
        if r >= _BASE:
            break
    rest = (((mid << _S32) | n0) - q0 * d) >> shift
    return (q1 << _S32) + q0, rest


@part
def muldiv(a, b, d):  # type: ignore[no-untyped-def]
    """a x b / d, rounded half away from zero; d > 0. OVERFLOW when the result does not fit."""
    negative = (a < 0) != (b < 0)
    ua = np.uint64(abs(a))
    ub = np.uint64(abs(b))
    ud = np.uint64(d)
    if float(ua) * float(ub) < 9.0e18:
        product = ua * ub
        quotient = product // ud
        rest = product - quotient * ud
    else:
        a1, a0 = ua >> _S32, ua & _MASK
        b1, b0 = ub >> _S32, ub & _MASK
        low = a0 * b0
        cross = a1 * b0 + (low >> _S32)
        other = a0 * b1 + (cross & _MASK)
        high = a1 * b1 + (cross >> _S32) + (other >> _S32)
        low = (other << _S32) | (low & _MASK)
        if high >= ud:
            return np.int64(OVERFLOW)
        quotient, rest = divide_wide(high, low, ud)
    if rest >= ud - rest:
        quotient += _ONE
    if quotient > _TOP:
        return np.int64(OVERFLOW)
    return -np.int64(quotient) if negative else np.int64(quotient)
