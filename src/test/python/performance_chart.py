"""Draws docs/images/performance.svg from the first table of docs/performance.md that has a column "times as fast".

    python src/test/python/performance_chart.py

A bar ends at the median, the line through it spans the least and the largest ratio. Needs no package.
"""

import html
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
LEFT, WIDTH, ROW, TOP = 440, 270, 26, 64

STYLE = """
  text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #1b1e26; }
  .peer { fill: #5c6373; }
  .title { font-size: 15px; font-weight: 600; }
  .back { fill: #ffffff; }
  .bar { fill: #3657d6; }
  .slower { fill: #c2410c; }
  .grid { stroke: #dcdfe7; }
  .spread { stroke: #1b1e26; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8eaf0; }
    .peer { fill: #a0a7b8; }
    .back { fill: #14161b; }
    .bar { fill: #6d86f0; }
    .slower { fill: #fdba74; }
    .grid { stroke: #333947; }
    .spread { stroke: #e8eaf0; }
  }
"""


def table(text):
    """The rows of the table: the name, the other engine, the median, the least and the largest ratio."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("|") and "times as fast" in line:
            break
    next(lines)
    rows = []
    peer = ""
    for line in lines:
        if not line.startswith("|"):
            break
        name, _, other, ratio, pairs = [cell.strip() for cell in line.strip("|").split("|")]
        named = re.match(r"(.*): ", other)
        peer = named.group(1) if named else peer
        least, most = [float(number) for number in pairs.split("…")]
        rows.append((name.replace("`", ""), peer, ratio, least, most))
    return rows


def chart(rows):
    scale = WIDTH / max(most for *_, most in rows)
    height = TOP + ROW * len(rows) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 70} {height}" role="img">',
        "<title>InternVL for Java beside other engines: times as fast, row by row</title>",
        f"<style>{STYLE}</style>",
        '<rect class="back" width="100%" height="100%"/>',
        '<text class="title" x="12" y="24">Times as fast as the other engine</text>',
        '<text x="12" y="44">median of five pairs of runs; the line spans all pairs; more is better</text>',
    ]
    for tick in range(1, int(WIDTH / scale) + 1):
        x = LEFT + tick * scale
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 24}"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick}</text>')
    for number, (name, peer, ratio, least, most) in enumerate(rows):
        y = TOP + ROW * number
        value = float(ratio)
        kind = "bar" if value >= 1 else "slower"
        parts.append(f'<text x="12" y="{y + 14}">{html.escape(name)}</text>')
        parts.append(f'<text class="peer" x="{LEFT - 12}" y="{y + 14}" text-anchor="end">{html.escape(peer)}</text>')
        parts.append(f'<rect class="{kind}" x="{LEFT}" y="{y + 3}" width="{value * scale:.1f}" height="14" rx="2"/>')
        parts.append(
            f'<line class="spread" x1="{LEFT + least * scale:.1f}" x2="{LEFT + most * scale:.1f}"'
            f' y1="{y + 10}" y2="{y + 10}"/>'
        )
        parts.append(f'<text x="{LEFT + most * scale + 8:.1f}" y="{y + 14}">{ratio}</text>')
    return "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    rows = table((ROOT / "docs/performance.md").read_text(encoding="utf-8"))
    (ROOT / "docs/images/performance.svg").write_text(chart(rows), encoding="utf-8")
