"""Makes the ledger's test helpers (`ledger_reference`, `ledger_cases`, ...) importable under pytest's importlib mode."""

import sys
from pathlib import Path

from hypothesis import Phase, settings

sys.path.insert(0, str(Path(__file__).parent))

# `python -m benchmarks mutants`: that a ledger fails is enough, a small one need not be found
settings.register_profile("first_failure", phases=[Phase.explicit, Phase.generate])
