"""What one place orders at a position: the arithmetic that the replay of the past and the walk over the coming days share."""

from __future__ import annotations

import numpy as np
from numba import njit

R_Q, UP_TO, STOCKLESS = 0, 1, 2


@njit(cache=True, nogil=True)
def order_units(kind, position, reorder, up_to, lot, minimum, multiple):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Units that a policy orders at a position, deliverable; 0: none.

    kind: `R_Q` lots of `lot` until the position is above the reorder level; `UP_TO` what lifts it to up_to; `STOCKLESS` what
    is owed. minimum, multiple: of an order, 0: none.
    """
    quantity = 0.0
    if kind == STOCKLESS:
        if position < -1e-9:
            quantity = -position
    elif position <= reorder + 1e-9:
        if kind == R_Q and lot > 0:
            quantity = (np.floor((reorder - position) / lot + 1e-9) + 1) * lot
        else:
            quantity = up_to - position
    if quantity <= 1e-9:
        return 0.0
    quantity = max(quantity, minimum)
    if multiple > 0:
        quantity = np.ceil(quantity / multiple - 1e-9) * multiple
    return quantity
