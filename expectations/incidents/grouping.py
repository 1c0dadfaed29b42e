"""From failing rows to causes: which findings belong to one incident. Pure; the keys of open incidents come in.

Stages:
1. A consequence (a negative book after a flipped sign) joins the cause that explains it, when both are in this run.
2. Every other finding gets the key of its rule's parts. Days and rows are never part of a key.
3. A finding stays with an incident that is open, also one that is open under a coarser key.
4. What is left would open incidents. More than the limit under one rule in one run is one disturbance, not many: the
   key gives up its finest part until the count fits.
Amounts of one incident are of one currency: findings in another than the main company's have it at the end of their key.

Drawback: two causes on the same document, item and warehouse under one rule are one incident until it is closed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from expectations.incidents.model import Cause, CheckResult, Finding
from expectations.incidents.policy import Policy

Parts = tuple[tuple[str, str], ...]
CURRENCY_PART = "|currency="


def source_of(finding: Finding) -> str:
    """The source a finding came from: its instance, else the file name without the digits that change daily."""
    if finding.source_instance:
        return finding.source_instance
    name = finding.source_file.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"\d+", "#", name)


def part_value(finding: Finding, part: str) -> str:
    """The value of one key part on a finding, empty text where it has none."""
    if part == "source":
        return source_of(finding)
    return {
        "item": finding.item_id,
        "warehouse": finding.warehouse_id,
        "document": finding.doc_no,
        "cause": finding.cause,
    }[part]


def key_parts(finding: Finding, policy: Policy) -> Parts:
    """The finest key of a finding: (part, value) pairs, coarse first, without the empty ones."""
    rule = policy.rule(finding.rule_id)
    parts = tuple((p, part_value(finding, p)) for p in rule.group_by if part_value(finding, p))
    return parts or tuple((p, part_value(finding, p)) for p in rule.when_missing if part_value(finding, p))


def cause_key(rule_id: str, parts: Parts) -> str:
    """The text under which a cause is known for ever; `|` and `=` in a value are escaped."""
    clean = [f"{p}={v.replace('%', '%25').replace('|', '%7C').replace('=', '%3D')}" for p, v in parts]
    return "|".join([f"rule={rule_id}", *clean])


def check_key(check_id: str) -> str:
    """The key of an incident that represents a failing check without rows of its own."""
    return f"check={check_id}"


def check_of(key: str) -> str:
    """The check that an incident's key names, empty where it names none; of every currency."""
    return key.removeprefix("check=").split(CURRENCY_PART)[0] if key.startswith("check=") else ""


def currency_parts(finding: Finding, main_currency: str) -> Parts:
    """The currency as the last part of a key; empty for the main company's."""
    return () if finding.currency_code in ("", main_currency) else (("currency", finding.currency_code),)


def group_findings(
    findings: Iterable[Finding], policy: Policy, open_keys: Collection[str], main_currency: str = ""
) -> list[Cause]:
    """Group findings into causes, sorted by key.

    Args:
        open_keys: keys of incidents that are not closed. main_currency: currency of the main company.
    """
    ordered = sorted(findings, key=lambda f: (f.rule_id, f.finding_id))
    root_of = _explained_by(ordered, policy)
    own = [f for f in ordered if f.finding_id not in root_of]
    assigned = _assign(own, policy, open_keys, main_currency)
    for finding in ordered:
        if finding.finding_id in root_of:
            assigned[finding.finding_id] = assigned[root_of[finding.finding_id]]
    groups: dict[tuple[str, Parts], list[Finding]] = defaultdict(list)
    for finding in ordered:
        groups[assigned[finding.finding_id]].append(finding)
    causes = [Cause(cause_key(rule, parts), rule, parts, tuple(rows)) for (rule, parts), rows in groups.items()]
    return sorted(causes, key=lambda c: c.key)


def _explained_by(findings: Sequence[Finding], policy: Policy) -> dict[str, str]:
    """finding_id of a consequence -> finding_id of the finding that explains it (the first rule named wins)."""
    roots: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        if finding.item_id and finding.warehouse_id:
            roots.setdefault((finding.rule_id, finding.item_id, finding.warehouse_id), finding)
    found: dict[str, str] = {}
    for finding in findings:
        for rule_id in policy.rule(finding.rule_id).consequence_of:
            root = roots.get((rule_id, finding.item_id, finding.warehouse_id))
            if root is not None:
                found[finding.finding_id] = root.finding_id
                break
    return {finding_id: _last(found, root) for finding_id, root in found.items()}


def _last(found: dict[str, str], finding_id: str) -> str:
    """The cause at the end of a chain of consequences (the policy has no circle)."""
    while finding_id in found:
        finding_id = found[finding_id]
    return finding_id


def _assign(
    findings: Sequence[Finding], policy: Policy, open_keys: Collection[str], main_currency: str
) -> dict[str, tuple[str, Parts]]:
    """finding_id -> (rule, parts) by stages 3 and 4."""
    assigned: dict[str, tuple[str, Parts]] = {}
    fresh: dict[tuple[str, Parts], list[tuple[Finding, Parts]]] = defaultdict(list)
    for finding in findings:
        parts, currency = key_parts(finding, policy), currency_parts(finding, main_currency)
        levels = [parts[:depth] + currency for depth in range(len(parts), -1, -1)]
        home = next((p for p in levels if cause_key(finding.rule_id, p) in open_keys), None)
        if home is not None:
            assigned[finding.finding_id] = (finding.rule_id, home)
        else:
            fresh[finding.rule_id, currency].append((finding, parts))
    for (rule_id, currency), rows in fresh.items():
        depth = max(len(parts) for _, parts in rows)
        while depth > 0 and len({parts[:depth] for _, parts in rows}) > policy.max_new_per_rule:
            depth -= 1
        for finding, parts in rows:
            assigned[finding.finding_id] = (rule_id, parts[:depth] + currency)
    return assigned


def group_checks(
    results: Iterable[CheckResult],
    rules_with_rows: Collection[str],
    open_keys: Collection[str],
    own_rows: Mapping[str, Sequence[Finding]],
    main_currency: str = "",
) -> list[Cause]:
    """Causes for failing checks whose rule left no rows (those with rows are grouped by their rows), sorted by key.

    `own_rows` are rows that belong to a check itself, by its id: one cause for those of each currency.
    """
    causes = []
    open_checks = {check_of(key) for key in open_keys}
    for result in sorted(results, key=lambda r: r.check_id):
        key = check_key(result.check_id)
        has_rows = bool(result.rule_id) and result.rule_id in rules_with_rows
        if result.is_passed or (has_rows and result.check_id not in open_checks):
            continue
        # a company's rule that could not run is no case of the rule: it goes to who looks after checks
        rule_id = result.check_id if result.engine == "rule" else result.rule_id or result.check_id
        by_currency: dict[Parts, list[Finding]] = defaultdict(list)
        for row in own_rows.get(result.check_id, ()):
            by_currency[currency_parts(row, main_currency)].append(row)
        for currency, rows in sorted(by_currency.items()) or [((), [])]:
            parts = (("check", result.check_id), *currency)
            end = "".join(f"{CURRENCY_PART}{code}" for _, code in currency)
            causes.append(Cause(key + end, rule_id, parts, tuple(rows), result))
    return causes
