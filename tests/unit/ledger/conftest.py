"""Makes the ledger's test helpers (`ledger_reference`, `ledger_cases`, ...) importable under pytest's importlib mode."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
