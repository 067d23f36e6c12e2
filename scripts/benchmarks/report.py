"""The table that is printed."""

from statistics import median

from contenders import CONTENDERS
from targets import targets

HEADER = ("", "seconds", "least–most", "× base", "chapters/s", "client CPU", "server CPU", "CPU × base", "client MB",
          "WAL MB", "others")


def text(results, quick):
    """Facts, one line a contender, steps, targets; in Markdown, as docs/performance.md shows it. A quick look has bounds
    of its own, and no others: with few rows most of the time is what every run costs once."""
    lines = [facts(results.facts), ""]
    rows = [HEADER] + [_row(results, contender) for contender in CONTENDERS if results.has(contender.name)]
    lines += _table(rows) + [""]
    for contender in CONTENDERS:
        if contender.step_names and results.has(contender.name):
            parts = [
                "%s %.2f s, %.2f CPU" % (
                    name, results.step(contender.name, n, "wall"), results.step(contender.name, n, "cpu"))
                for n, name in enumerate(contender.step_names)]
            lines.append("%s: %s" % (contender.name, "; ".join(parts)))
        if contender.name in results.stages:
            parts = ["%s %.2f" % (name, median(seconds)) for name, seconds in results.stages[contender.name].items()]
            lines.append("%s, seconds of each stage: %s" % (contender.name, "; ".join(parts)))
    lines += ["%s: skipped, %s" % pair for pair in results.skipped.items()] + [""]
    rows = [("target", "wanted", "measured", "")]
    for target in targets(results):
        bound = target.quick if quick else target.bound
        if bound is not None:
            rows.append((target.what, "%s %g" % (target.sign, bound), "%.3g" % target.value,
                         "reached" if target.holds(bound) else "not reached"))
    return "\n".join(lines + (_table(rows) if len(rows) > 1 else []))


def facts(known):
    return ("%(rows)d chapters (%(documents)s, seed %(seed)d), %(sections)s sections, %(json_megabytes).1f MB of JSON; "
            "rounds: %(rounds)d; %(cores)d cores (%(processor)s), %(memory).0f GB of memory; PostgreSQL %(server)s; "
            "%(kernel)s%(versions)s") % {**known, "versions": "; " + known["python"] if known["python"] else ""}


def _row(results, contender):
    name = contender.name
    wall = results.figure(name, "wall")
    least, most = results.range(name)

    def against(of):
        ratio = results.ratio(name, contender.base, of)
        return "%.2f" % ratio if ratio is not None else "–"

    return (
        "%s (%s)" % (contender.title, name), "%.2f" % wall, "%.2f–%.2f" % (least, most), against("wall"),
        "%d" % (results.facts["rows"] / wall), "%.2f" % results.figure(name, "client_cpu"),
        "%.2f" % results.figure(name, "server_cpu"), against("cpu"), "%.0f" % (results.figure(name, "client_peak") / 1e6),
        "%.1f" % (results.figure(name, "wal") / 1e6), "%.1f" % results.figure(name, "others"))


def _table(rows):
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]

    def line(cells):
        first = cells[0].ljust(widths[0])
        return "| " + " | ".join([first] + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]) + " |"

    ruler = "| " + " | ".join(["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]) + " |"
    return [line(rows[0]), ruler] + [line(row) for row in rows[1:]]
