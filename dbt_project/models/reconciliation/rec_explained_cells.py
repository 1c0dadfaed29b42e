"""Differences that come from a list that is wrong as a whole (assets/reconciliation/explain.py)."""


def model(dbt, session):
    """One row per explained cell of a comparison."""
    from assets.reconciliation.explain import COLUMNS, explained_cells

    dbt.config(materialized="table")
    book, wms = dbt.ref("rec_ledger_book"), dbt.ref("rec_book_wms")
    common = "split_part(item_id, '/', 1) as company_code, item_id, warehouse_id, snapshot_date as list_date"
    erp_lists = session.sql(
        f"""select {common}, cast(book_units as double) as listed_units, is_reported, source_file, source_row,
                   cast(book_units + variance_units as double) as expected_units
            from book order by item_id, warehouse_id, list_date"""
    ).df()
    wms_lists = session.sql(
        f"""select {common}, cast(physical_units as double) as listed_units, is_reported, source_file, source_row,
                   cast(physical_units - variance_units as double) as expected_units,
                   book_source = 'erp_snapshot' as is_erp_book
            from wms order by item_id, warehouse_id, list_date"""
    ).df()
    cells = explained_cells(erp_lists, wms_lists)
    types = {
        "list_date": "date", "other_date": "date", "effect_units": "decimal(28, 6)", "factor": "double",
        "saved_bits": "double", "gap_before_units": "double", "gap_after_units": "double", "is_withdrawn": "boolean",
    }  # fmt: skip
    columns = ", ".join(f"cast({name} as {types.get(name, 'varchar')}) as {name}" for name in COLUMNS)
    return session.sql(f"select {columns} from cells")
