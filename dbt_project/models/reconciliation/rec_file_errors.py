"""Files with a column that is wrong as a whole: scale, sign, two columns or day and month swapped (assets/reconciliation/files.py)."""


def model(dbt, session):
    """One row per file and cause."""
    from assets.reconciliation.files import ERROR_COLUMNS, file_errors

    dbt.config(materialized="table")
    errors = file_errors(dbt.ref("rec_file_measures").df())
    types = {
        "factor": "double", "rows_wrong": "bigint", "rows_tested": "bigint", "saved_bits": "double", "first_row": "bigint",
        "extract_date": "date",
    }  # fmt: skip
    columns = ", ".join(f"cast({name} as {types.get(name, 'varchar')}) as {name}" for name in ERROR_COLUMNS)
    return session.sql(f"select {columns} from errors")
