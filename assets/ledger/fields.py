"""Names for the columns of the integer tables that the kernel works on. Constants only."""

from __future__ import annotations

# Layer nodes: one row per open layer, linked into the queue of its pool.
QTY, VAL, ORG, ARR, SRC, UC, EXP, GRN, KNW, NXT, PRV, DEM = range(12)
NODE_FIELDS = 12
UNDONE = 2
"""In `DEM` of a layer that comes back without a cost where it left without one: it settles what still waits for a cost."""

# Pools: the queue of a stock grain (or of lots that share one), or the goods under way of one transfer; of a conversion also the units that
# came out so far; of a move how many out legs of the current run are still to be taken.
HEAD, TAIL, NHEAD, NTAIL, NET, PRODUCED, PENDING = range(7)
POOL_FIELDS = 7

# Cost pools (item x warehouse, valued or not): quantity, value, last known unit cost, opening average, deferred units, what is known
# (WHOLE, TAINTED, SHORT_ONLY), units sold that were not there, value beyond the rounded one (1e-14 of the currency), uncosted units as
# last reported, and the last movement whose units wait for a cost. `CCOVER` and `CGIVEN` are scratch: what a running share has covered
# and given so far.
CQTY, CVAL, CLAST, COPEN, CDEF, CKNW, CCOVER, CGIVEN, CSOLD, CRES, CUNK, CWAIT = range(12)
COST_FIELDS = 12

TAINTED, WHOLE, SHORT_ONLY = range(3)
"""What an average contains: goods of unknown cost are in the pool; everything has a cost; only units that left without a cost lack one."""

# Items: last known unit cost, and the layer that left last (for returns and finds that have no layer of their own).
ILAST, IORG, ISRC, IUC, IEXP = range(5)
ITEM_FIELDS = 5

# Records of what an issue took, kept per order line so that a return can go back to it.
RQTY, RVAL, RORG, RSRC, RUC, REXP, RKNW, RPREV = range(8)
RECORD_FIELDS = 8

# Movements of a chunk.
KIND, POOL, WANT, GRAIN, CPOOL, ITEM, GROUP, MQTY, MCOST, MVAL, DATE, MEXP, REF, STD, MTOTAL, ISDEM, MONTH = range(17)
MOVE_FIELDS = 17

# What the kernel answers per movement: signed value, settlement in the warehouse (and what of it falls on units sold), settlement of
# goods under way, is everything known, change of the units in stock that have no cost.
OVAL, OSET, OCSET, OTSET, OKNW, OUNK = range(6)
OUT_FIELDS = 6

# Emitted layers.
ESNAP, EGRAIN, EORG, EARR, ESRC, EQTY, EUC, EVAL, EKNW, EEXP, EGROUP, EDEM = range(12)
EMIT_FIELDS = 12

# Scalars of a run.
FREE, TOP, SHORT, RTOP, SETTLED, CSETTLED, ERROR, ALLKNOWN, TSETTLED, STAMP, RFREE, EMITTED, UNCOSTED = range(13)
SCALARS = 13

# Configuration.
C_RESET, C_FLOW, C_FAMILY, C_MATCH = range(4)
FLOW_FIFO, FLOW_FEFO, FLOW_LIFO = range(3)
FAMILY_LAYER, FAMILY_MOVING, FAMILY_MONTHLY, FAMILY_STANDARD = range(4)

# Kinds of movement as the kernel sees them.
K_RECEIPT, K_FOUND, K_RETURN, K_ISSUE, K_MOVE, K_CONVERT, K_REVALUE = range(7)

# Entry kinds, in alphabetical order, which is the order of the table.
ENTRY_KINDS = (
    "adjustment", "cogs", "cogs_correction", "cogs_settlement", "correction", "issue", "opening", "receipt", "settlement", "transfer",
)  # fmt: skip
(
    E_ADJUSTMENT, E_COGS, E_COGS_CORRECTION, E_COGS_SETTLEMENT, E_CORRECTION, E_ISSUE, E_OPENING, E_RECEIPT, E_SETTLEMENT, E_TRANSFER,
) = range(10)  # fmt: skip

NO_DATE = 2_000_000_000
"""Means no expiry: later than every date, so that undated stock leaves last under FEFO."""
