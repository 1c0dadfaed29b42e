"""Great Expectations Data Docs of a warehouse: HTML pages of every contract's suite and of its validation, for auditors.

On demand, not in every run: a page is about 1 MB and the whole set takes seconds (docs/incidents.md), while the results
of every run are kept in the incident store anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.ingest.contracts import Contract
from assets.ingest.settings import SourceSettings
from expectations.runner import must_have_rows, opened
from expectations.suites import SCHEMA, build_suite

SITE = "stockturn"


def write_data_docs(
    warehouse: Path, contracts: Mapping[str, Contract], sources: Sequence[SourceSettings], folder: Path
) -> Path:
    """Validate every contract on schema `landing` and write the pages below `folder`; the index page.

    The file is opened read-only, so no other process may be writing to it.
    """
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction

    folder.mkdir(parents=True, exist_ok=True)
    with opened(warehouse) as (context, datasource):
        for name in list(context.get_site_names()):
            context.delete_data_docs_site(name)
        backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())}
        context.add_data_docs_site(
            SITE,
            {
                "class_name": "SiteBuilder",
                "store_backend": backend,
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
        definitions = []
        for contract in contracts.values():
            asset = datasource.add_table_asset(contract.name, table_name=contract.name, schema_name=SCHEMA)
            suite = context.suites.add(build_suite(contract, must_have_rows=must_have_rows(contract.name, sources)))
            batch = asset.add_batch_definition_whole_table("all")
            definitions.append(
                context.validation_definitions.add(gx.ValidationDefinition(name=contract.name, data=batch, suite=suite))
            )
        action = UpdateDataDocsAction(name="pages", site_names=[SITE])
        context.checkpoints.add(gx.Checkpoint(name=SITE, validation_definitions=definitions, actions=[action])).run()
    return folder / "index.html"
