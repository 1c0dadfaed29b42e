"""Files: which ones belong to a dataset, and each as a DuckDB table of raw text columns with the row number of the source."""
