"""Looking at a source before it is read: what an unknown one holds, and whether a mapping fits the one it was written for."""
