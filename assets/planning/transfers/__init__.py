"""Stock that is in the wrong warehouse: moved before anything is bought. Pure functions over the plan's frames."""
