"""Made goods and kits: what parts they need, when, which are missing, and what can be promised. Pure functions over frames."""
