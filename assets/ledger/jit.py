"""How the parts of the kernel are compiled: no Python entry points of their own, no checks for division by zero (divisors are guarded)."""

from __future__ import annotations

from typing import Any

import numba as nb

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

part: Any = nb.njit(**_OPTIONS)
"""Decorator for what only other compiled functions call. Compiled when the function that calls it is, and cached with it."""
