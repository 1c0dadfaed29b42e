"""Ask the data: a Model Context Protocol server over a release (`stockturn mcp`), read-only."""
