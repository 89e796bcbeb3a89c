"""A state machine's definition as a drawing: where each state stands and how lines run.

Layers by the longest way from the start, few crossings by barycentres: Sugiyama's method in small.
https://doi.org/10.1109/TSMC.1981.4308636
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT = 124, 44  # of a state, in pixels
GAP_ACROSS, GAP_DOWN = 16, 34
LANE = 14  # of a line that passes a layer
MOST = 200  # states: a larger machine is not drawn
_SWEEPS = 12

Edge = tuple[str, str]
Node = str | tuple[str, str, int]  # a state, or where the line between two passes a layer


@dataclass(frozen=True)
class Box:
    """A state; `x` and `y` are its upper left corner."""

    name: str
    kind: str
    x: float
    y: float


@dataclass(frozen=True)
class Graph:
    """Boxes, and for each line the `d` of an SVG path with its arrow at the end."""

    boxes: tuple[Box, ...]
    paths: tuple[str, ...]
    width: float
    height: float


def graph(definition: str) -> Graph:
    """Draw a definition in Amazon States Language. What cannot be read is an empty drawing."""
    try:
        machine = json.loads(definition)
        states: dict[str, Any] = machine["States"]
        if not 0 < len(states) <= MOST:
            return Graph((), (), 0, 0)
        return _drawn(states, machine["StartAt"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Graph((), (), 0, 0)


def ways(state: dict[str, Any]) -> list[str]:
    """The names of the states that may follow, each once."""
    choices = [choice["Next"] for choice in state.get("Choices", [])]
    caught = [catcher["Next"] for catcher in state.get("Catch", [])]
    plain = [state[key] for key in ("Next", "Default") if key in state]
    return list(dict.fromkeys([*plain, *choices, *caught]))


def _drawn(states: dict[str, Any], start: str) -> Graph:
    edges = [(name, to) for name, state in states.items() for to in ways(state) if to in states]
    back = _back_edges(states, start)
    down = [edge[::-1] if edge in back else edge for edge in edges]
    layer = _layers(states, down)
    chains = {edge: _chain(edge, way, layer) for edge, way in zip(edges, down, strict=True)}
    rows: list[list[Node]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in states:
        rows[layer[name]].append(name)
    for chain in chains.values():
        for depth, node in enumerate(chain[1:-1], layer[str(chain[0])] + 1):
            rows[depth].append(node)
    x = _places(rows, _spine(down, layer), list(chains.values()))
    left = min(x[node] - _half(node) for row in rows for node in row)
    boxes = tuple(
        Box(name, str(states[name].get("Type", "")), x[name] - left - WIDTH / 2, _top(layer[name]))
        for name in states
    )
    paths = []
    for edge, chain in chains.items():
        points = [(x[node] - left, layer[str(chain[0])] + i) for i, node in enumerate(chain)]
        paths.append(_path(points, upwards=edge in back))
    right = max(x[node] + _half(node) for row in rows for node in row)
    return Graph(boxes, tuple(paths), right - left, _top(len(rows)) - GAP_DOWN + 8)


def _back_edges(states: dict[str, Any], start: str) -> set[Edge]:
    """The edges that lead back to where a walk is coming from: without them there is no circle."""
    found: set[Edge] = set()
    done: set[str] = set()
    for root in [start, *states]:
        if root not in states or root in done:
            continue
        walk, on_walk = [(root, iter(ways(states[root])))], {root}
        while walk:
            name, following = walk[-1]
            to = next(following, None)
            if to is None:
                walk.pop()
                on_walk.discard(name)
                done.add(name)
            elif to in on_walk:
                found.add((name, to))
            elif to in states and to not in done:
                walk.append((to, iter(ways(states[to]))))
                on_walk.add(to)
    return found


def _layers(states: dict[str, Any], down: list[Edge]) -> dict[str, int]:
    layer = dict.fromkeys(states, 0)
    for _ in states:
        changed = False
        for name, to in down:
            if name != to and layer[to] <= layer[name]:
                layer[to], changed = layer[name] + 1, True
        if not changed:
            break
    return layer


def _chain(edge: Edge, way: Edge, layer: dict[str, int]) -> list[Node]:
    """The edge as it leads down, with one more node in every layer between its ends."""
    name, to = way
    between: list[Node] = [(*edge, depth) for depth in range(layer[name] + 1, layer[to])]
    return [name, *between, to]


def _spine(down: list[Edge], layer: dict[str, int]) -> list[str]:
    """The states of a longest way, which is what happens when all goes well."""
    name = max(layer, key=lambda each: layer[each])
    found = [name]
    while layer[name]:
        name = next(one for one, to in down if to == name and layer[one] == layer[to] - 1)
        found.append(name)
    return found[::-1]


def _places(
    rows: list[list[Node]], spine: list[str], chains: list[list[Node]]
) -> dict[Node, float]:
    """The middle of each node: the spine straight, the others beside it, near their neighbours."""
    near: dict[Node, list[Node]] = {node: [] for row in rows for node in row}
    for chain in chains:
        for one, other in pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    side = _sides(rows, spine, chains)
    x: dict[Node, float] = dict.fromkeys(near, 0.0)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {node: sum(x[n] for n in near[node]) / max(1, len(near[node])) for node in row}
            middle = max((_half(node) for node in row if node in spine), default=0.0)
            for sign in (-1, 1):
                beside = [node for node in row if side.get(node) == sign]
                _line_up(beside, sign, middle, wanted, x)
    return x


def _sides(rows: list[list[Node]], spine: list[str], chains: list[list[Node]]) -> dict[Node, int]:
    """Left (-1) or right (1) of the spine for every other node; a line stays on one side."""
    side: dict[Node, int] = {}
    for row in rows:
        others = [node for node in row if isinstance(node, str) and node not in spine]
        side |= {node: 1 if number % 2 == 0 else -1 for number, node in enumerate(others)}
    for chain in chains:
        chosen = side.get(chain[-1]) or side.get(chain[0]) or 1
        side |= dict.fromkeys(chain[1:-1], chosen)
    return side


def _line_up(
    nodes: list[Node], sign: int, middle: float, wanted: dict[Node, float], x: dict[Node, float]
) -> None:
    """Put the nodes of one side next to each other, none nearer to the spine than there is room."""
    edge = middle
    for node in sorted(nodes, key=lambda node: sign * wanted[node]):
        edge = max(edge + GAP_ACROSS, sign * wanted[node] - _half(node))
        x[node] = sign * (edge + _half(node))
        edge += 2 * _half(node)


def _half(node: Node) -> float:
    return (WIDTH if isinstance(node, str) else LANE) / 2


def _top(layer: int) -> float:
    return 4 + layer * (HEIGHT + GAP_DOWN)


def _path(points: list[tuple[float, int]], *, upwards: bool) -> str:
    """From the lower side of the first to the upper side of the last, past what is between."""
    x, depth = points[0]
    found = [(x, _top(depth) + HEIGHT)]
    for x, depth in points[1:-1]:
        found += [(x, _top(depth)), (x, _top(depth) + HEIGHT)]
    x, depth = points[-1]
    found.append((x, _top(depth)))
    if upwards:
        found.reverse()
    path = f"M{found[0][0]:.0f} {found[0][1]:.0f}"
    for (x1, y1), (x2, y2) in pairwise(found):
        if x1 == x2:
            path += f"L{x2:.0f} {y2:.0f}"
        else:
            middle = (y1 + y2) / 2
            path += f"C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} {x2:.0f} {y2:.0f}"
    return path
