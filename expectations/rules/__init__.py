"""Rules that a business person writes over any mart column: read, checked, run, and tried out on kept releases.

`load_rule_book` reads `config/rules.yml`; `evaluate` gives findings and check results for `incidents.record_run`;
`dry_run` says how often a rule would have fired.
"""

from expectations.rules.book import RuleBook, load_rule_book
from expectations.rules.compile import CompiledRule, RuleError, check_names, compile_rule, validate
from expectations.rules.evaluate import RuleRun, evaluate
from expectations.rules.history import RuleHistory, dry_run
from expectations.rules.model import Rule

__all__ = [
    "CompiledRule",
    "Rule",
    "RuleBook",
    "RuleError",
    "RuleHistory",
    "RuleRun",
    "check_names",
    "compile_rule",
    "dry_run",
    "evaluate",
    "load_rule_book",
    "validate",
]
