"""What was recorded for a contract so far, and what a file found now is to become. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from assets.ingest.batches.manifest import Manifest, batch_id
from assets.ingest.contracts import Contract
from assets.ingest.reading.discovery import Candidate


class History:
    """Recorded batches of one contract, found by file and by content."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self.manifests: list[Manifest] = []
        self._by_file: dict[tuple[str, str, str], list[Manifest]] = {}
        self._by_content: dict[str, list[Manifest]] = {}
        for manifest in manifests:
            self.add(manifest)

    def add(self, manifest: Manifest) -> None:
        """Take a batch into account from now on."""
        self.manifests.append(manifest)
        if manifest.released_from is None and manifest.status != "refused":
            file = (manifest.source_instance, manifest.dataset, manifest.source_file)
            self._by_file.setdefault(file, []).append(manifest)
            self._by_content.setdefault(manifest.source_sha256, []).append(manifest)

    def same_content(self, draft: Manifest) -> Manifest | None:
        """An earlier batch of the same dataset with the same content under another name."""
        same = [
            manifest
            for manifest in self._by_content.get(draft.source_sha256, [])
            if manifest.status == "loaded"
            and manifest.rows_in > 0
            and manifest.source_file != draft.source_file
            and (manifest.source_instance, manifest.dataset, manifest.mapping, manifest.mapping_version)
            == (draft.source_instance, draft.dataset, draft.mapping, draft.mapping_version)
        ]
        return min(same, key=lambda manifest: manifest.order) if same else None

    def draft(self, contract: Contract, candidate: Candidate) -> Manifest | None:
        """The record to be filled for a file; None where its newest state has been landed by this mapping."""
        source, mapping, dataset = candidate.source, candidate.mapping, candidate.dataset
        states = self._by_file.get((source.instance, dataset.name, candidate.name), [])
        latest = max(states, key=lambda manifest: (manifest.revision, manifest.mapping_version), default=None)
        revision = 0
        if latest is not None:
            is_same = latest.source_sha256 == candidate.sha256
            if is_same and (latest.mapping, latest.mapping_version) == (mapping.mapping, mapping.version):
                return None
            revision = latest.revision if is_same else latest.revision + 1
        day = (
            latest.extract_date
            if latest is not None and dataset.extract_date is None and revision == latest.revision
            else candidate.extract_date
        )
        identity = (
            source.instance,
            dataset.name,
            candidate.name,
            candidate.sha256,
            day,
            mapping.mapping,
            mapping.version,
            revision,
        )
        return Manifest(
            batch_id=batch_id(contract.name, *identity),
            contract=contract.name,
            dataset=dataset.name,
            source_system=mapping.source_system,
            source_instance=source.instance,
            company_code=source.company,
            source_file=candidate.name,
            source_sha256=candidate.sha256,
            extract_date=day,
            scope_kind=dataset.scope,
            scope_by=dataset.scope_by,
            mapping=mapping.mapping,
            mapping_version=mapping.version,
            status="loaded",
            revision=revision,
        )
