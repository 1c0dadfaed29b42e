"""Master data of a demo world: items with their demand pattern, warehouses and suppliers, drawn once from the seed.

Everything here is known before the first day; nothing in it depends on the end date.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from demo.settings import DemoSettings
from demo.vocabulary import BUYERS, CATEGORIES, SPECS, SUPPLIER_STEMS, VARIANTS, WAREHOUSE_SHARE, WAREHOUSES, Category

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PATTERN_SHARES = {
    "steady": 0.36,
    "seasonal": 0.18,
    "trending": 0.10,
    "intermittent": 0.14,
    "lumpy": 0.08,
    "new": 0.07,
    "dying": 0.07,
}
LINE_RATE_MEDIAN = {  # order lines a day, whole company
    "steady": 0.40,
    "seasonal": 0.40,
    "trending": 0.38,
    "intermittent": 0.06,
    "lumpy": 0.05,
    "new": 0.42,
    "dying": 0.42,
}
SUCCESSOR_LEAD_DAYS = 15
"""A successor is on sale this long before its predecessor declines."""
LINE_SIZE_SIGMA = {"intermittent": 0.25, "lumpy": 1.15}


@dataclass(frozen=True)
class Item:
    """One item; `life_day` is the offset in days at which a new item starts or a dying one begins to decline.

    `predecessor`: position of the dying item that a new one replaces.
    """

    code: str
    name: str
    spec: str
    category: Category
    pattern: str
    season: str
    trend_from: float
    trend_to: float
    life_day: int
    pack_units: int
    moq_units: int
    supplier: int
    unit_cost: float
    margin_rate: float
    size_mean: float
    size_sigma: float
    safety_days: float
    cover_days: float
    optimism: float
    predecessor: int | None = None

    @property
    def is_lot_tracked(self) -> bool:
        """Items with a shelf life are kept by lot."""
        return self.category.shelf_life_days is not None


@dataclass(frozen=True)
class Supplier:
    """A supplier; its true lead time is lognormal around `lead_days` times `slip`, which the agreed figure hides."""

    code: str
    name: str
    lead_days: int
    lead_sigma: float
    slip: float
    partial_rate: float
    review_weekday: int
    buyer: str
    payment_days: int


@dataclass(frozen=True)
class Catalogue:
    """Items, suppliers and the base order-line rates, shape (items, warehouses), lines a day."""

    items: tuple[Item, ...]
    suppliers: tuple[Supplier, ...]
    line_rates: FloatArray
    size_means: FloatArray
    size_sigmas: FloatArray

    @property
    def is_stocked(self) -> npt.NDArray[np.bool_]:
        """(items, warehouses): True where the item is kept."""
        return self.line_rates > 0

    def warehouse_code(self, warehouse: int) -> str:
        """Code of a warehouse position."""
        return WAREHOUSES[warehouse][0]


def build_catalogue(settings: DemoSettings) -> Catalogue:
    """Draw the master data of the world from its seed."""
    rng = np.random.default_rng([settings.seed, 1])
    suppliers = tuple(_supplier(rng, number) for number in range(len(SUPPLIER_STEMS)))
    patterns = _patterns(rng, settings.items)
    items = tuple(_item(rng, settings, number, pattern) for number, pattern in enumerate(patterns))
    items = _with_successors(items)
    rates = np.array([LINE_RATE_MEDIAN[item.pattern] for item in items]) * rng.lognormal(0, 0.6, len(items))
    shares = np.array(WAREHOUSE_SHARE) * rng.uniform(0.7, 1.3, (len(items), len(WAREHOUSE_SHARE)))
    shares[:, 1:] *= rng.random((len(items), len(WAREHOUSE_SHARE) - 1)) < 0.75
    shares /= shares.sum(axis=1, keepdims=True)
    for position, item in enumerate(items):
        if item.predecessor is not None:
            rates[position], shares[position] = rates[item.predecessor], shares[item.predecessor]
    return Catalogue(
        items=items,
        suppliers=suppliers,
        line_rates=rates[:, None] * shares,
        size_means=np.array([item.size_mean for item in items]),
        size_sigmas=np.array([item.size_sigma for item in items]),
    )


def _with_successors(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Every other dying item has a successor among the new ones of its category, which starts as the old one declines."""
    result = list(items)
    free = [position for position, item in enumerate(items) if item.pattern == "new"]
    dying = [position for position, item in enumerate(items) if item.pattern == "dying"]
    for old in dying[::2]:
        heir = next((new for new in free if items[new].category is items[old].category), None)
        if heir is None:
            continue
        free.remove(heir)
        result[heir] = replace(
            items[heir], predecessor=old, life_day=max(items[old].life_day - SUCCESSOR_LEAD_DAYS, 1),
            supplier=items[old].supplier, size_mean=items[old].size_mean, size_sigma=items[old].size_sigma,
        )  # fmt: skip
    return tuple(result)


def _patterns(rng: np.random.Generator, count: int) -> list[str]:
    """One pattern an item, in the shares of `PATTERN_SHARES`, every pattern at least once, shuffled."""
    names = list(PATTERN_SHARES)
    quotas = [max(1, int(count * share)) for share in PATTERN_SHARES.values()]
    pool = [name for name, quota in zip(names, quotas, strict=True) for _ in range(quota)]
    pool += ["steady"] * (count - len(pool))
    return [pool[n] for n in rng.permutation(len(pool))]


def _supplier(rng: np.random.Generator, number: int) -> Supplier:
    """Near suppliers are quick and steady, far ones slow and wide."""
    lead = int(rng.choice([7, 10, 14, 21, 30, 45], p=[0.2, 0.2, 0.25, 0.15, 0.12, 0.08]))
    return Supplier(
        code=f"0{number + 1:03d}",
        name=f"{SUPPLIER_STEMS[number]}贸易有限公司",
        lead_days=lead,
        lead_sigma=float(rng.uniform(0.08, 0.35)),
        slip=float(rng.uniform(0.95, 1.25)),
        partial_rate=float(rng.uniform(0.05, 0.3)),
        review_weekday=number % 5,
        buyer=BUYERS[number % len(BUYERS)],
        payment_days=int(rng.choice([0, 30, 45, 60])),
    )


def _item(rng: np.random.Generator, settings: DemoSettings, number: int, pattern: str) -> Item:
    """One item of category `number` modulo the categories."""
    category = CATEGORIES[number % len(CATEGORIES)]
    serial = number // len(CATEGORIES)
    low, high = category.cost_range
    pack = int(rng.choice(category.packs))
    trend = (0.55, 1.7) if rng.random() < 0.6 else (1.6, 0.5)
    variant = VARIANTS[(serial // len(category.goods)) % len(VARIANTS)]
    generation = serial // (len(category.goods) * len(VARIANTS))
    life_share = rng.uniform(0.3, 0.94) if pattern == "new" else rng.uniform(0.3, 0.7)
    return Item(
        code=f"{category.code}{serial + 1:04d}",
        name=f"{variant}{category.goods[serial % len(category.goods)]}{generation + 1 if generation else ''}",
        spec=str(rng.choice(SPECS)),
        category=category,
        pattern=pattern,
        season=str(rng.choice(category.seasons)) if pattern == "seasonal" else "",
        trend_from=trend[0] if pattern == "trending" else 1.0,
        trend_to=trend[1] if pattern == "trending" else 1.0,
        life_day=int(settings.days * life_share),
        pack_units=pack,
        moq_units=pack * int(rng.choice([1, 2, 5])),
        supplier=int(rng.integers(len(SUPPLIER_STEMS))),
        unit_cost=round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 2),
        margin_rate=float(rng.uniform(0.2, 0.75)),
        size_mean=float(np.clip(rng.lognormal(2.0, 0.6) * (0.25 if category.code == "08" else 1.0), 1.5, 60)),
        size_sigma=LINE_SIZE_SIGMA.get(pattern, float(rng.uniform(0.3, 0.6))),
        safety_days=float(rng.uniform(8, 23)),
        cover_days=float(rng.uniform(18, 50)),
        optimism=float(rng.lognormal(0.05, 0.2)),
    )


def unit_cost_on(settings: DemoSettings, catalogue: Catalogue, year: int, month: int) -> FloatArray:
    """Purchase price of every item in a month: its base cost carried along by a keyed random walk with mild
    inflation.
    """
    first = settings.start_date.year * 12 + settings.start_date.month
    drift = np.zeros(len(catalogue.items))
    for index in range(first + 1, year * 12 + month + 1):
        drift += np.random.default_rng([settings.seed, 6, index]).normal(0.002, 0.012, len(catalogue.items))
    base = np.array([item.unit_cost for item in catalogue.items])
    return np.round(base * np.exp(drift), 2)


def launch_offset(item: Item) -> int:
    """Days after the start at which the item is first sold; 0 for all but new ones."""
    return item.life_day if item.pattern == "new" else 0


def first_stocked(settings: DemoSettings, item: Item) -> str:
    """ISO date from which the master lists the item as stocked."""
    return (settings.start_date + timedelta(days=max(launch_offset(item) - 10, 0))).isoformat()
