"""The seconds of everybody who makes the sections, as bars in an SVG."""

from xml.sax.saxutils import escape

from contenders import CONTENDERS
from report import facts

LEFT, WIDTH, BAR, STEP, TOP = 330, 460, 18, 28, 68
OURS, THEIRS, INK = "#2563a8", "#9aa3ad", "#222222"


def svg(results):
    """Bars are medians, the thin line over a bar spans the least and the most."""
    bars = [contender for contender in CONTENDERS
            if contender.end == "sections" and contender.is_bar and results.has(contender.name)]
    longest = max((results.range(bar.name)[1] for bar in bars), default=1)
    height = TOP + STEP * len(bars) + 16

    def x(seconds):
        return LEFT + WIDTH * seconds / longest

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13" fill="%s">'
        % (LEFT + WIDTH + 90, height, INK),
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="12" y="22" font-size="15">Seconds to make the sections; shorter is better</text>',
    ]
    data, _, machine = facts(results.facts).partition("; ")
    parts += ['<text x="12" y="%d" font-size="10">%s</text>' % (y, escape(line)) for y, line in ((38, data), (51, machine))]
    for number, bar in enumerate(bars):
        y = TOP + STEP * number
        wall = results.figure(bar.name, "wall")
        least, most = results.range(bar.name)
        middle = y + BAR / 2
        parts += [
            '<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + 13, escape(bar.title.split(":")[0])),
            '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                LEFT, y, x(wall) - LEFT, BAR, OURS if bar.is_ours else THEIRS),
            '<path d="M%.1f %.1fH%.1f" stroke="%s"/>' % (x(least), middle, x(most), INK),
            '<text x="%.1f" y="%d">%.2f</text>' % (x(most) + 6, y + 13, wall),
        ]
    return "\n".join(parts + ["</svg>", ""])
