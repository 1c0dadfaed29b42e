"""The forecasts that were published, kept for ever beside landing: one file an origin, never changed.

Belongs here: the only file access of the stage. A vintage is what was known when it was made, so it cannot be rebuilt
from today's landing; the folder is state, like landing itself, and outlives the warehouse.

```
forecast_vintages/origin_date=2026-06-28/as_of=2026-06-29.parquet    what the run of that day published
forecast_vintages/origin_date=2026-06-28/reconstructed.parquet       made later, from demand as it was known later
forecast_vintages/origin_date=2026-06-28/scores.parquet              its accuracy, once every period is known and settled
```

Runs of several days share an origin (a week has seven of them): the earliest of those days is the vintage, whatever
the order in which they were run. A day sees the vintages of earlier days only, so that running it again gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet as pq

from assets.planning.forecasting.overrides import with_columns
from assets.whole_files import take_place


class DamagedVintageError(ValueError):
    """A kept file is not what was written."""


PUBLISHED, RECONSTRUCTED = "published", "reconstructed"


@dataclass(frozen=True)
class VintageStore:
    """The vintages of one company, as a run of the day `as_of` may see them."""

    root: Path
    as_of: date

    def _folder(self, origin: date) -> Path:
        return self.root / f"origin_date={origin.isoformat()}"

    def _file(self, origin: date) -> Path | None:
        """The vintage of an origin: the earliest day's, else the reconstructed one."""
        days = sorted(self._folder(origin).glob("as_of=*.parquet"))
        visible = [path for path in days if date.fromisoformat(path.stem.removeprefix("as_of=")) <= self.as_of]
        stand_in = self._folder(origin) / "reconstructed.parquet"
        return visible[0] if visible else (stand_in if stand_in.is_file() else None)

    def origins(self, before: date) -> list[date]:
        """Origins before a day that have a vintage, oldest first."""
        found = (date.fromisoformat(path.name.partition("=")[2]) for path in self.root.glob("origin_date=*"))
        return sorted(origin for origin in found if origin < before and self._file(origin) is not None)

    def read(self, origin: date) -> pd.DataFrame:
        """Rows of `planning.forecasts` of an origin, with vintage_kind and published_date (null if reconstructed).

        Raises:
            FileNotFoundError: there is no vintage.
            DamagedVintageError: its file is not what was written.
        """
        path = self._file(origin)
        if path is None:
            raise FileNotFoundError(f"{self._folder(origin)}: no vintage")
        is_published = path.stem.startswith("as_of=")
        day = np.datetime64(path.stem.removeprefix("as_of=") if is_published else "NaT", "ns")
        rows = with_columns(_read(path))  # vintages of an earlier version lack them
        kind = PUBLISHED if is_published else RECONSTRUCTED
        return rows.assign(vintage_kind=kind, published_date=np.full(len(rows), day))

    def keep(self, forecasts: pd.DataFrame, *, reconstructed: bool = False) -> None:
        """Keep the forecasts of one origin; nothing is kept of a run without series."""
        if forecasts.empty:
            return
        origin = pd.Timestamp(forecasts["origin_date"].iloc[0]).date()
        name = "reconstructed.parquet" if reconstructed else f"as_of={self.as_of.isoformat()}.parquet"
        if not reconstructed and (found := self._file(origin)) is not None and found.name < name:
            return
        _write(forecasts, self._folder(origin) / name)

    def settled_scores(self, origin: date) -> pd.DataFrame | None:
        """Scores that were kept for good, if there are any.

        Raises:
            DamagedVintageError: their file is not what was written.
        """
        path = self._folder(origin) / "scores.parquet"
        return _read(path) if path.is_file() else None

    def settle(self, origin: date, scores: pd.DataFrame) -> None:
        """Keep the scores of a vintage whose periods are all known."""
        _write(scores, self._folder(origin) / "scores.parquet")


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Under a temporary name, then renamed: a killed run leaves no half a vintage."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.to_parquet(temporary, index=False, write_page_checksum=True)
    take_place(temporary, path)


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pq.read_table(path, page_checksum_verification=True, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedVintageError(
            f"{path} is damaged ({error}); restore it from a backup, or delete it: without a vintage its origin has no track record,"
            " without scores they are computed again"
        ) from error
    return table.to_pandas()
