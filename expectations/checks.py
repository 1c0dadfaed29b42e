"""Dagster asset checks: the contract suites that block; C1 to C9 and one check per finding rule, which do not.

Glue only. What is expected is in the contracts (`suites.py`), in the dbt tests and in the finding models.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from assets.ingest.contracts import load_contracts
from assets.ingest.reconcile.run import TITLES
from assets.ingest.settings import SourceSettings
from assets.publish.accounting import findings_by_rule
from assets.stages import day_of, first_run, require_day
from assets.workspace import Workspace, write_table
from expectations.agreement import CHECK_NAMES, SHOWN_ON, check_agreement
from expectations.failing_rows import EXAMPLES
from expectations.presence import check_presence, contracts_in_use
from expectations.results import results_table
from expectations.runner import failing_examples, run_suites

RULES = Path(__file__).resolve().parent.parent / "dbt_project" / "seeds" / "rules.csv"
FINDINGS_KEY = dg.AssetKey(["marts", "fct_findings"])
SEVERITIES = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}
CONTRACT_CHECK = "keeps_its_contract"


def build_contract_checks(pool: str) -> dg.AssetChecksDefinition:
    """One blocking check per contract: nothing downstream runs on an extract that breaks its suite. Beside them C1 to C9."""
    contracts = load_contracts()
    specs = [
        dg.AssetCheckSpec(
            CONTRACT_CHECK,
            asset=["landing", name],
            blocking=True,
            description=f"Great Expectations suite of {contract.title}",
        )
        for name, contract in contracts.items()
    ]
    specs += [
        dg.AssetCheckSpec(name, asset=["landing", SHOWN_ON[check_id]], blocking=False, description=TITLES[check_id])
        for check_id, name in CHECK_NAMES.items()
    ]

    @dg.multi_asset_check(specs=specs, name="contract_checks", pool=pool)
    def contract_checks(
        context: dg.AssetCheckExecutionContext,
        workspace: dg.ResourceParam[Workspace],
        sources: dg.ResourceParam[Sequence[SourceSettings]],
    ) -> Iterator[dg.AssetCheckResult]:
        with workspace.stage("contract_checks", day_of(context.run), first_run(context.run)):
            with workspace.connect() as connection:
                in_use = contracts_in_use(connection, contracts, sources)
            results = run_suites(workspace.warehouse, in_use, sources)
            with workspace.connect() as connection:
                examples = {name: failing_examples(connection, contracts[name], results) for name in in_use}
                results += check_presence(connection, sources)
                agreement = check_agreement(connection)
                write_table(connection, "quality.check_results", results_table(results + agreement))
        for name in contracts:
            mine = [result for result in results if result.contract_or_model == name]
            failed = [result for result in mine if not result.is_passed]
            yield dg.AssetCheckResult(
                check_name=CONTRACT_CHECK,
                asset_key=["landing", name],
                passed=not any(result.is_blocking for result in failed),
                metadata={
                    "expectations": len(mine),
                    "failed": len(failed),
                    "message": "; ".join(result.message for result in failed)
                    or ("all expectations hold" if name in in_use else "no source feeds it"),
                    EXAMPLES: dg.MetadataValue.json(examples.get(name, [])),
                },
            )

        for result in agreement:
            yield dg.AssetCheckResult(
                check_name=result.rule_id,
                asset_key=["landing", result.contract_or_model],
                passed=result.is_passed,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={
                    "failing_rows": result.rows_failed,
                    "rows": result.rows_checked or 0,
                    "message": result.message,
                    "engine": result.engine,
                    "severity": result.severity,
                },
            )

    return contract_checks


def read_rules() -> list[dict[str, str]]:
    """The finding rules of the product (seed `rules`)."""
    with RULES.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def build_finding_checks(pool: str) -> dg.AssetChecksDefinition:
    """One check per rule on the findings: it fails while there is a finding, and never blocks a release."""
    rules = [rule for rule in read_rules() if rule["severity"] in SEVERITIES]
    specs = [
        dg.AssetCheckSpec(f"no_{rule['rule_id']}", asset=FINDINGS_KEY, blocking=False, description=rule["title"])
        for rule in rules
    ]

    @dg.multi_asset_check(specs=specs, name="finding_checks", pool=pool)
    def finding_checks(
        context: dg.AssetCheckExecutionContext, workspace: dg.ResourceParam[Workspace]
    ) -> Iterator[dg.AssetCheckResult]:
        with workspace.connect() as connection:
            require_day(connection, ["dbt_marts"], day_of(context.run), wanted_by="finding_checks")
            counts: Counter[str] = Counter()
            money: dict[str, list[str]] = defaultdict(list)
            for row in findings_by_rule(connection):
                counts[row["rule_id"]] += row["findings"]
                money[row["rule_id"]] += [row["value_at_stake"]] if row["value_at_stake"] else []
        for rule in rules:
            count = counts[rule["rule_id"]]
            yield dg.AssetCheckResult(
                check_name=f"no_{rule['rule_id']}",
                asset_key=FINDINGS_KEY,
                passed=count == 0,
                severity=SEVERITIES[rule["severity"]],
                metadata={"findings": count, "value_at_stake": ", ".join(money[rule["rule_id"]]), "fix": rule["fix"]},
            )

    return finding_checks
