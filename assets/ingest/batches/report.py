"""What a run of ingest did for one contract, in counts that add up."""

from __future__ import annotations

from dataclasses import dataclass

from assets.ingest.batches.manifest import Manifest


@dataclass(frozen=True)
class ContractReport:
    """What one run did for one contract. Rows are source rows and add up; see Manifest."""

    contract: str
    batches: tuple[Manifest, ...] = ()
    unchanged_files: int = 0
    removed_leftovers: tuple[str, ...] = ()

    def _sum(self, name: str) -> int:
        return sum(getattr(batch, name) for batch in self.batches if batch.released_from is None)

    @property
    def rows_in(self) -> int:
        """Source rows of the files read in this run."""
        return self._sum("rows_in")

    @property
    def rows_loaded(self) -> int:
        """Source rows landed from those files."""
        return self._sum("rows_loaded")

    @property
    def rows_quarantined(self) -> int:
        """Source rows of those files that went to quarantine."""
        return self._sum("rows_quarantined")

    @property
    def rows_duplicate(self) -> int:
        """Source rows of those files that changed nothing."""
        return self._sum("rows_duplicate")

    @property
    def rows_excluded(self) -> int:
        """Source rows of those files that the mapping leaves out."""
        return self._sum("rows_excluded")

    @property
    def rows_released(self) -> int:
        """Source rows of earlier files that left quarantine in this run."""
        return sum(batch.rows_in for batch in self.batches if batch.released_from is not None)

    @property
    def refusals(self) -> tuple[str, ...]:
        """One sentence for every file that was refused whole."""
        return tuple(batch.message for batch in self.batches if batch.status == "refused")

    @property
    def is_closed(self) -> bool:
        """rows_in = rows_loaded + rows_quarantined + rows_duplicate + rows_excluded, batch by batch."""
        return all(batch.is_closed for batch in self.batches)
