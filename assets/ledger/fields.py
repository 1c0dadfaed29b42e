"""Names for the columns of the integer tables that the kernel works on. Constants only."""

from __future__ import annotations

# Layer nodes: one row per open layer, linked into the queue of its pool.
QTY, VAL, ORG, ARR, SRC, UC, EXP, GRN, KNW, NXT, PRV, DEM = range(12)
NODE_FIELDS = 12

# Pools: the queue of a stock grain (or of lots that share one), or the goods under way of one transfer; of a conversion also the units that
# came out so far; of a move how many out legs of the current run are still to be taken.
HEAD, TAIL, NHEAD, NTAIL, NET, PRODUCED, PENDING = range(7)
POOL_FIELDS = 7

# Cost pools (item x warehouse, valued or not): quantity, value, last known unit cost, opening average, deferred units, is everything known.
# The last two are scratch: what a running share has covered and given so far.
CQTY, CVAL, CLAST, COPEN, CDEF, CKNW, CCOVER, CGIVEN = range(8)
COST_FIELDS = 8

# Items: last known unit cost, and the layer that left last (for returns and finds that have no layer of their own).
ILAST, IORG, ISRC, IUC, IEXP = range(5)
ITEM_FIELDS = 5

# Records of what an issue took, kept per order line so that a return can go back to it.
RQTY, RVAL, RORG, RSRC, RUC, REXP, RKNW, RPREV = range(8)
RECORD_FIELDS = 8

# Movements of a chunk.
KIND, POOL, WANT, GRAIN, CPOOL, ITEM, GROUP, MQTY, MCOST, DATE, MEXP, REF, STD, MTOTAL, ISDEM, MONTH = range(16)
MOVE_FIELDS = 16

# What the kernel answers per movement: signed value, settlement in the warehouse, settlement of goods under way, is everything known.
OVAL, OSET, OTSET, OKNW = range(4)
OUT_FIELDS = 4

# Emitted layers.
ESNAP, EGRAIN, EORG, EARR, ESRC, EQTY, EUC, EVAL, EKNW, EEXP, EGROUP, EDEM = range(12)
EMIT_FIELDS = 12

# Scalars of a run.
FREE, TOP, SHORT, RTOP, SETTLED, ERROR, ALLKNOWN, TSETTLED, STAMP, RFREE, EMITTED = range(11)
SCALARS = 11

# Configuration.
C_RESET, C_FLOW, C_FAMILY, C_MATCH = range(4)
FLOW_FIFO, FLOW_FEFO, FLOW_LIFO = range(3)
FAMILY_LAYER, FAMILY_MOVING, FAMILY_MONTHLY, FAMILY_STANDARD = range(4)

# Kinds of movement as the kernel sees them.
K_RECEIPT, K_FOUND, K_RETURN, K_ISSUE, K_MOVE, K_CONVERT, K_REVALUE = range(7)

# Entry kinds, in alphabetical order, which is the order of the table.
ENTRY_KINDS = ("adjustment", "cogs", "issue", "opening", "receipt", "settlement", "transfer")
E_ADJUSTMENT, E_COGS, E_ISSUE, E_OPENING, E_RECEIPT, E_SETTLEMENT, E_TRANSFER = range(7)

NO_DATE = 2_000_000_000
"""Stands for no expiry: later than every date, so that undated stock leaves last under FEFO."""
