"""Landing: what becomes of every row of a file, and the Parquet files and manifest that are written for it."""
