"""Answers with Alembic's own graph what RevisionsTests ask: a case a line in, its answers a line out."""

import json
import logging
import sys
import warnings

from alembic.runtime.migration import HeadMaintainer
from alembic.script.base import ScriptDirectory
from alembic.script import revision as r
from alembic.util import CommandError
from sqlalchemy import Column, MetaData, String, Table

logging.disable(logging.CRITICAL)


class Module:
    @staticmethod
    def upgrade():
        pass

    @staticmethod
    def downgrade():
        pass


class Script(r.Revision):
    module = Module
    doc = ""


class Context:
    """What HeadMaintainer needs of a migration in order to keep the heads without a database."""

    as_sql = True
    _version = Table("version", MetaData(), Column("version_num", String))

    class impl:
        @staticmethod
        def _exec(statement):
            return None


def error_kind(error):
    cause = error.__cause__ if isinstance(error, CommandError) else error
    if isinstance(cause, r.RangeNotAncestorError) or "Not a valid downgrade" in str(cause):
        return "range"
    if isinstance(cause, r.MultipleHeads):
        return "heads"
    if isinstance(cause, r.ResolutionError):
        return "resolution"
    if isinstance(cause, r.RevisionError):
        return "overlap" if "overlaps" in str(cause) else "steps"
    return "crash"


def has_circle(edges):
    state = {}

    def visit(node):
        state[node] = 1
        for other in edges.get(node, ()):
            if state.get(other) == 1 or (other not in state and visit(other)):
                return True
        state[node] = 2
        return False

    return any(node not in state and visit(node) for node in edges)


def graph_of(case):
    revisions = case["revisions"]
    ids = [each["id"] for each in revisions]
    if len(set(ids)) < len(ids):
        return None, "repeated"
    labels = {label: each["id"] for each in revisions for label in each["labels"]}
    parents = {each["id"]: each["parents"] for each in revisions}
    stated = {
        each["id"]: each["parents"] + [labels.get(name, name) for name in each["dependencies"]]
        for each in revisions
    }
    try:
        scripts = [
            Script(
                each["id"], tuple(each["parents"]) or None, tuple(each["dependencies"]) or None,
                tuple(each["labels"]) or None,
            )
            for each in revisions
        ]
        graph = r.RevisionMap(lambda: scripts)
        graph.heads
        problem = None
    except r.DependencyCycleDetected:
        problem = "dependency cycle"
    except r.CycleDetected:
        problem = "cycle"
    except r.RevisionError:
        problem = "label"
    except KeyError:
        problem = "missing"
    # Circles below a head and above a base are not noticed by Alembic.
    if problem in (None, "dependency cycle", "cycle"):
        truth = "cycle" if has_circle(parents) else "dependency cycle" if has_circle(stated) else None
        if problem and not truth:
            problem = "a cycle that is none"
        else:
            problem = truth
    return (None if problem else graph), problem


def answer(ask, directory, heads):
    kind, target = ask["kind"], ask["target"]
    graph = directory.revision_map
    if kind in ("upgrade", "downgrade"):
        plan = directory._upgrade_revs if kind == "upgrade" else directory._downgrade_revs
        steps = plan(target, heads)
        keeper = HeadMaintainer(Context, heads)
        for step in steps:
            keeper.update_to_step(step)
        return {"steps": [step.revision.revision for step in steps], "heads": sorted(keeper.heads)}
    if kind == "stamp":
        keeper = HeadMaintainer(Context, heads)
        for step in directory._stamp_revs(tuple(target.split(" ")), heads):
            keeper.update_to_step(step)
        return {"heads": sorted(keeper.heads)}
    if kind == "show":
        return {"steps": sorted(set(each.revision for each in directory.get_revisions(target)))}
    if kind == "history":
        lower, upper = target.split(":")
        ends = [heads if end == "current" else end for end in (lower or "base", upper or "heads")]
        return {"steps": [each.revision for each in directory.walk_revisions(ends[0], ends[1])]}
    if kind == "current":
        return {"steps": sorted(each.revision for each in directory.get_all_current(heads))}
    if kind == "heads":
        return {"steps": directory.get_heads(), "heads": list(graph._real_heads)}
    if kind == "branches":
        return {"steps": sorted(each.revision for each in directory.walk_revisions() if each.is_branch_point)}
    if kind == "labels":
        return {"steps": sorted(graph.get_revision(target).branch_labels)}


def main():
    for line in sys.stdin:
        case = json.loads(line)
        graph, problem = graph_of(case)
        if problem:
            print(json.dumps({"problem": problem}))
            continue
        directory = ScriptDirectory.__new__(ScriptDirectory)
        directory.revision_map = graph
        heads = tuple(case["heads"])
        # Two dependencies of one revision come in whatever order a set gives them.
        ordered = all(
            len(each._normalized_resolved_dependencies) < 2
            for name, each in graph._revision_map.items() if each is not None
        )
        answers = []
        for ask in case["asks"]:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    given = answer(ask, directory, heads)
                except Exception as error:
                    given = {"error": error_kind(error), "text": str(error)}
            if any("ambiguous" in str(each.message) for each in warned):
                given = {"error": "steps", "text": "ambiguous, and carried out nevertheless"}
            answers.append(given)
        print(json.dumps({"ordered": ordered, "answers": answers}))


main()
