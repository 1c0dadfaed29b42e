"""What a person chose to see, as SQL conditions with parameters. The limits of the user are part of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COLUMNS = {
    "warehouses": "warehouse_id",
    "categories": "category_name",
    "owners": "owner_name",
    "abc_classes": "abc_class",
    "xyz_classes": "xyz_class",
}
_LIMITS = {"allowed_owners": "owner_name", "allowed_warehouses": "warehouse_id"}


@dataclass(frozen=True)
class Filter:
    """Empty means all. `allowed_*` is not a choice but a limit: None = no limit, empty = nothing at all."""

    warehouses: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    abc_classes: tuple[str, ...] = ()
    xyz_classes: tuple[str, ...] = ()
    allowed_owners: tuple[str, ...] | None = None
    allowed_warehouses: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        chosen = {name: list(getattr(self, name)) for name in COLUMNS if getattr(self, name)}
        for name in _LIMITS:
            if getattr(self, name) is not None:
                chosen[name] = list(getattr(self, name))
        object.__setattr__(self, "parameters", chosen)

    @property
    def is_everything(self) -> bool:
        return not self.parameters

    @property
    def limits(self) -> Filter:
        """The limits of the user alone, without what was chosen."""
        return Filter(allowed_owners=self.allowed_owners, allowed_warehouses=self.allowed_warehouses)

    @property
    def health(self) -> str:
        """`fct_inventory_health` cut to what is wanted, as a relation to select from."""
        return f"(select * from fct_inventory_health where {self.condition})"

    @property
    def condition(self) -> str:
        """A condition on the columns of `fct_inventory_health`."""
        parts = [
            f"list_contains(${name}, {column})"
            for name, column in {**COLUMNS, **_LIMITS}.items()
            if name in self.parameters
        ]
        return " and ".join(parts) or "true"

    def summary(self, name: str) -> str:
        """A summary of the release (`assets.publish.summaries`), cut to the same item-warehouses."""
        return f"(select * from {name} where {self.condition})"

    def of(self, mart: str) -> str:
        """Another mart with item_id and warehouse_id, cut to the same item-warehouses."""
        if self.is_everything:
            return mart
        if set(self.parameters) <= {"warehouses", "allowed_warehouses"}:  # every such mart has the column: no join
            return f"(select * from {mart} where {self.condition})"
        wanted = f"(select item_id, warehouse_id from fct_inventory_health where {self.condition})"
        on = "m.item_id = w.item_id and m.warehouse_id = w.warehouse_id"
        return f"(select m.* from {mart} m semi join {wanted} w on {on})"
