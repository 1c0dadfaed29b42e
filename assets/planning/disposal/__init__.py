"""Stock that will not sell where it lies: ranked ways out, and what each really brought. Pure functions."""
