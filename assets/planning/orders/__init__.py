"""From what the plan wants bought to orders that a buyer approves and an ERP imports. Pure functions, but for `store`."""
