"""From failing rows to causes: which findings belong to one incident. Pure; the keys of open incidents come in.

Stages:
1. A consequence (a negative book after a flipped sign) joins the cause that explains it, when both are in this run.
2. Every other finding gets the key of its rule's parts. Days and rows are never part of a key.
3. A finding stays with an incident that is open, also one that is open under a coarser key.
4. What is left would open incidents. More than the limit under one rule in one run is one disturbance, not many: the
   key gives up its finest part until the count fits.

Drawback: two causes on the same document, item and warehouse under one rule are one incident until it is closed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from expectations.incidents.model import Cause, CheckResult, Finding
from expectations.incidents.policy import Policy

Parts = tuple[tuple[str, str], ...]


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


def group_findings(findings: Iterable[Finding], policy: Policy, open_keys: Collection[str]) -> list[Cause]:
    """Group findings into causes, sorted by key. `open_keys` are the keys of incidents that are not closed."""
    ordered = sorted(findings, key=lambda f: (f.rule_id, f.finding_id))
    root_of = _explained_by(ordered, policy)
    own = [f for f in ordered if f.finding_id not in root_of]
    assigned = _assign(own, policy, open_keys)
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


def _assign(findings: Sequence[Finding], policy: Policy, open_keys: Collection[str]) -> dict[str, tuple[str, Parts]]:
    """finding_id -> (rule, parts) by stages 3 and 4."""
    assigned: dict[str, tuple[str, Parts]] = {}
    fresh: dict[str, list[tuple[Finding, Parts]]] = defaultdict(list)
    for finding in findings:
        parts = key_parts(finding, policy)
        levels = [parts[:depth] for depth in range(len(parts), -1, -1)]
        home = next((p for p in levels if cause_key(finding.rule_id, p) in open_keys), None)
        if home is not None:
            assigned[finding.finding_id] = (finding.rule_id, home)
        else:
            fresh[finding.rule_id].append((finding, parts))
    for rule_id, rows in fresh.items():
        depth = max(len(parts) for _, parts in rows)
        while depth > 0 and len({parts[:depth] for _, parts in rows}) > policy.max_new_per_rule:
            depth -= 1
        for finding, parts in rows:
            assigned[finding.finding_id] = (rule_id, parts[:depth])
    return assigned


def group_checks(
    results: Iterable[CheckResult],
    rules_with_rows: Collection[str],
    open_keys: Collection[str],
    own_rows: Mapping[str, Sequence[Finding]],
) -> list[Cause]:
    """Causes for failing checks whose rule left no rows (those with rows are grouped by their rows), sorted by key.

    `own_rows` are rows that belong to a check itself, by its id.
    """
    causes = []
    for result in sorted(results, key=lambda r: r.check_id):
        key = check_key(result.check_id)
        has_rows = bool(result.rule_id) and result.rule_id in rules_with_rows
        if not result.is_passed and (not has_rows or key in open_keys):
            # a company's rule that could not run is no case of the rule: it is told to who looks after checks
            rule_id = result.check_id if result.engine == "rule" else result.rule_id or result.check_id
            causes.append(
                Cause(key, rule_id, (("check", result.check_id),), tuple(own_rows.get(result.check_id, ())), result)
            )
    return causes
