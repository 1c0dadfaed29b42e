"""The mapping language (docs/mapping.md): its schema, its expressions, and the loader that checks a file of it."""
