"""A company's own project: what `stockturn init` writes, and the extension points that its Python code can fill."""
