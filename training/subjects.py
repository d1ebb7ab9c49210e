"""The things that the model can draw. One function each: pen, main colour, chance -> a cartoon.

A subject fills about -1..1 in its own units, faces left, and takes its colour word on its largest part.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from training.pen import Color, Pen, Points, arc, ellipse, mix, polygon, smooth

Draw = Callable[[Pen, Color, np.random.Generator], None]
WHITE: Color = (252, 252, 250)
DARK: Color = (26, 24, 32)
PINK: Color = (244, 140, 160)
BROWN: Color = (112, 70, 40)
GREEN: Color = (62, 150, 60)
YELLOW: Color = (250, 208, 60)


def light(color: Color, share: float = 0.35) -> Color:
    return mix(color, (255, 255, 255), share)


def dark(color: Color, share: float = 0.3) -> Color:
    return mix(color, (0, 0, 0), share)


def eye(pen: Pen, x: float, y: float, size: float, tall: float = 1.0) -> None:
    """A round cartoon eye with a glint: reads on a dark and on a light face."""
    pen.fill(ellipse(x, y, size, size * tall), WHITE)
    pen.fill(ellipse(x - size * 0.1, y + size * 0.08, size * 0.62, size * 0.72 * tall), DARK)
    pen.fill(ellipse(x - size * 0.3, y - size * 0.25 * tall, size * 0.22, size * 0.22), WHITE)


def cat(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Sits and looks at you: pointed ears, whiskers, curled tail."""
    sway = rng.uniform(-0.12, 0.12)
    tail = smooth([(0.3, 0.8), (0.75, 0.78), (0.92, 0.4 + sway), (0.72, 0.1 + sway), (0.9, -0.12)], closed=False)
    pen.stroke(tail, 0.17, color)
    pen.shape(smooth([(-0.34, 0.1), (-0.5, 0.6), (-0.46, 0.95), (0.46, 0.95), (0.5, 0.6), (0.34, 0.1)]), color)
    for side in (-1, 1):
        pen.shape(polygon((side * 0.58, -0.42), (side * 0.54, -1.0), (side * 0.08, -0.74)), color)
    pen.shape(ellipse(0, -0.36, 0.62, 0.5), color)
    pen.fill(ellipse(0, 0.58, 0.24, 0.34), light(color))
    for side in (-1, 1):
        pen.fill(polygon((side * 0.5, -0.6), (side * 0.49, -0.85), (side * 0.24, -0.74)), PINK)
        eye(pen, side * 0.25, -0.42, 0.15, 1.15)
        pen.mark(polygon((side * 0.3, -0.14), (side * 0.82, -0.22)), 0.035)
        pen.mark(polygon((side * 0.3, -0.06), (side * 0.8, 0.0)), 0.035)
        pen.mark(polygon((side * 0.16, 0.95), (side * 0.16, 0.7)), 0.04)
    pen.fill(polygon((-0.09, -0.22), (0.09, -0.22), (0, -0.12)), PINK)
    pen.mark(arc(-0.08, -0.11, 0.08, 0.08, 0, 180), 0.035)
    pen.mark(arc(0.08, -0.11, 0.08, 0.08, 0, 180), 0.035)


def dog(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Stands in profile: long snout, hanging ear, tongue, tail up."""
    wag = rng.uniform(-0.12, 0.12)
    step = rng.uniform(-0.06, 0.06)
    for x in (-0.26, 0.66):
        pen.stroke(polygon((x, 0.3), (x + step, 0.86)), 0.17, dark(color, 0.2))
    pen.flush()
    pen.stroke(smooth([(0.66, 0.05), (0.88, -0.2), (0.9 + wag, -0.52)], closed=False), 0.15, color)
    for x in (-0.06, 0.48):
        pen.stroke(polygon((x, 0.3), (x - step, 0.88)), 0.19, color)
    pen.shape(smooth([(-0.4, -0.06), (0.1, -0.06), (0.66, -0.08), (0.8, 0.2), (0.6, 0.46), (-0.2, 0.48)]), color)
    pen.shape(ellipse(-0.36, -0.42, 0.4, 0.38), color)
    pen.shape(ellipse(-0.72, -0.28, 0.3, 0.19, 8), light(color, 0.25))
    pen.shape(smooth([(-0.62, -0.2), (-0.54, -0.17), (-0.52, 0.06), (-0.62, 0.1), (-0.68, 0.0)]), PINK)
    pen.flush()
    pen.shape(smooth([(-0.26, -0.72), (-0.04, -0.66), (0.12, -0.2), (0.0, 0.0), (-0.16, -0.1)]), dark(color, 0.4))
    pen.flush()
    pen.fill(ellipse(-0.98, -0.38, 0.12, 0.1), DARK)
    eye(pen, -0.46, -0.52, 0.12)
    pen.mark(arc(-0.72, -0.24, 0.22, 0.1, 10, 130), 0.04)
    pen.fill(polygon((-0.22, -0.02), (0.0, 0.06), (-0.02, 0.16), (-0.26, 0.1)), (214, 50, 50))


def spider(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Eight bent legs around a round body."""
    lift = rng.uniform(-0.08, 0.08)
    for side in (-1, 1):
        for knee, foot in (((0.62, -0.72), (0.78, -0.98)), ((0.74, -0.34), (1.02, -0.5)),
                           ((0.74, 0.22), (1.02, 0.34)), ((0.6, 0.62), (0.74, 0.96))):  # fmt: skip
            bend = (side * knee[0], knee[1] + lift * side)
            pen.stroke(polygon((side * 0.2, 0.0), bend, (side * foot[0], foot[1])), 0.075, color)
    pen.shape(ellipse(0, 0.22, 0.5, 0.52), color)
    pen.shape(ellipse(0, -0.34, 0.36, 0.32), color)
    pen.fill(polygon((-0.14, 0.08), (0.14, 0.08), (0.0, 0.24)), light(color, 0.55))
    pen.fill(polygon((-0.14, 0.42), (0.14, 0.42), (0.0, 0.24)), light(color, 0.55))
    for side in (-1, 1):
        eye(pen, side * 0.15, -0.4, 0.13)
        pen.fill(polygon((side * 0.04, -0.16), (side * 0.14, -0.18), (side * 0.08, -0.04)), WHITE)


def fish(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Profile: tail fan, fins, stripes, round eye."""
    flick = rng.uniform(-0.12, 0.12)
    pen.shape(smooth([(0.4, 0.0), (0.96, -0.5 + flick), (0.84, 0.0), (0.96, 0.5 + flick)]), dark(color, 0.15))
    pen.shape(smooth([(-0.3, -0.4), (0.05, -0.82), (0.42, -0.7), (0.35, -0.25)]), dark(color, 0.15))
    pen.shape(smooth([(-0.1, 0.4), (0.1, 0.75), (0.34, 0.66), (0.28, 0.3)]), dark(color, 0.15))
    pen.shape(
        smooth([(-0.95, 0.02), (-0.6, -0.4), (0.0, -0.52), (0.6, -0.1), (0.6, 0.1), (0.0, 0.52), (-0.6, 0.42)]), color
    )
    for x in (-0.06, 0.22):
        pen.mark(arc(x - 0.16, 0, 0.22, 0.4, -62, 62), 0.09, light(color, 0.55))
    pen.fill(smooth([(-0.12, 0.08), (0.2, 0.02), (0.16, 0.26)]), dark(color, 0.25))
    eye(pen, -0.56, -0.1, 0.16)
    pen.mark(arc(-0.86, 0.1, 0.14, 0.12, 20, 120), 0.045)


def bird(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Round little bird: beak, wing, tail, thin legs."""
    flap = rng.uniform(-0.15, 0.15)
    for x in (-0.1, 0.16):
        pen.stroke(polygon((x, 0.55), (x, 0.88), (x - 0.16, 0.92)), 0.06, (230, 140, 40))
    pen.shape(polygon((0.4, 0.1), (1.0, -0.12), (0.98, 0.14), (0.9, 0.34), (0.4, 0.42)), dark(color, 0.25))
    pen.shape(polygon((-0.72, -0.5), (-1.06, -0.34), (-0.7, -0.22)), (240, 160, 40))
    pen.shape(
        smooth([(-0.55, -0.1), (-0.2, -0.2), (0.4, -0.05), (0.62, 0.25), (0.3, 0.62), (-0.3, 0.62), (-0.6, 0.3)]), color
    )
    pen.shape(ellipse(-0.38, -0.38, 0.4, 0.4), color)
    pen.fill(smooth([(-0.5, 0.1), (-0.2, 0.2), (-0.05, 0.5), (-0.3, 0.56), (-0.52, 0.36)]), light(color, 0.55))
    pen.shape(smooth([(-0.1, 0.05), (0.4, 0.02), (0.72, -0.02 + flap), (0.42, 0.36), (0.05, 0.36)]), dark(color, 0.25))
    pen.flush()
    eye(pen, -0.48, -0.44, 0.14)


def house(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Walls in the colour, roof, chimney, door and two windows."""
    roof = dark(color, 0.45)
    x = rng.uniform(0.28, 0.44)
    pen.shape(polygon((x, -0.9), (x + 0.2, -0.9), (x + 0.2, -0.2), (x, -0.2)), (150, 82, 66))
    pen.shape(polygon((-0.72, -0.15), (0.72, -0.15), (0.72, 0.9), (-0.72, 0.9)), color)
    pen.flush()
    pen.shape(polygon((-0.98, -0.1), (0.0, -0.98), (0.98, -0.1)), roof)
    pen.shape(polygon((-0.16, 0.9), (-0.16, 0.34), (0.16, 0.34), (0.16, 0.9)), BROWN)
    for side in (-1, 1):
        w = side * 0.44
        pen.shape(polygon((w - 0.15, 0.12), (w + 0.15, 0.12), (w + 0.15, 0.44), (w - 0.15, 0.44)), (255, 236, 150))
    pen.flush()
    for side in (-1, 1):
        pen.mark(polygon((side * 0.44, 0.12), (side * 0.44, 0.44)), 0.035)
        pen.mark(polygon((side * 0.44 - 0.15, 0.28), (side * 0.44 + 0.15, 0.28)), 0.035)
    pen.fill(ellipse(0.09, 0.64, 0.035, 0.035), YELLOW)


def tree(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Brown trunk under a cloud of leaves in the colour."""
    pen.shape(smooth([(-0.14, 0.0), (-0.14, 0.6), (-0.3, 0.95), (0.3, 0.95), (0.14, 0.6), (0.14, 0.0)]), BROWN)
    pen.flush()
    puffs = [
        (-0.46, -0.02, 0.38),
        (0.46, -0.02, 0.38),
        (0.0, 0.06, 0.4),
        (-0.3, -0.45, 0.4),
        (0.32, -0.45, 0.4),
        (0.0, -0.6, 0.38),
    ]
    shifts = rng.uniform(-0.05, 0.05, (len(puffs), 2))
    for (x, y, r), (dx, dy) in zip(puffs, shifts, strict=True):
        pen.shape(ellipse(x + dx, y + dy, r, r), color)
    for x, y in ((-0.4, -0.36), (0.1, -0.6), (0.42, -0.2), (-0.14, -0.06)):
        pen.mark(arc(x, y, 0.15, 0.13, 190, 300), 0.06, light(color))


def flower(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Round petals in the colour, yellow heart, stem with two leaves."""
    pen.stroke(smooth([(0, -0.2), (rng.uniform(-0.1, 0.1), 0.4), (0, 0.96)], closed=False), 0.1, GREEN)
    for side in (-1, 1):
        pen.shape(smooth([(0, 0.72), (side * 0.24, 0.42), (side * 0.58, 0.36), (side * 0.36, 0.68)]), GREEN)
    pen.flush()
    turn = rng.uniform(0, 60)
    for k in range(6):
        angle = math.radians(turn + 60 * k)
        x, y = 0.4 * math.cos(angle), -0.36 + 0.4 * math.sin(angle)
        pen.shape(ellipse(x, y, 0.27, 0.22, turn + 60 * k), color)
    pen.flush()
    pen.shape(ellipse(0, -0.36, 0.2, 0.2), YELLOW)
    pen.flush()
    for side in (-1, 1):
        pen.fill(ellipse(side * 0.07, -0.4, 0.03, 0.045), DARK)
    pen.mark(arc(0, -0.34, 0.09, 0.07, 20, 160), 0.035)


def car(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Profile: cabin with two windows, two wheels, lamp."""
    pen.shape(smooth([(-0.5, -0.05), (-0.34, -0.5), (0.36, -0.52), (0.62, -0.05)]), color)
    pen.shape(
        smooth(
            [
                (-0.98, 0.3),
                (-0.92, 0.04),
                (-0.5, -0.08),
                (0.6, -0.1),
                (0.92, 0.02),
                (1.0, 0.3),
                (0.9, 0.42),
                (-0.9, 0.42),
            ]
        ),
        color,
    )
    pen.flush()
    glass: Color = (196, 232, 248)
    pen.shape(polygon((-0.38, -0.08), (-0.26, -0.38), (0.0, -0.4), (0.0, -0.08)), glass)
    pen.shape(polygon((0.1, -0.08), (0.1, -0.4), (0.32, -0.4), (0.46, -0.08)), glass)
    pen.flush()
    pen.fill(ellipse(-0.9, 0.14, 0.08, 0.08), (255, 240, 150))
    pen.mark(polygon((0.05, 0.02), (0.05, 0.34)), 0.03)
    spin = rng.uniform(0, 90)
    for x in (-0.52, 0.52):
        pen.fill(ellipse(x, 0.44, 0.25, 0.25), DARK)
        pen.fill(ellipse(x, 0.44, 0.12, 0.12), (200, 200, 206))
        pen.mark(ellipse(x, 0.44, 0.12, 0.02, spin)[:20], 0.03)


def boat(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Hull in the colour under two sails."""
    lean = rng.uniform(-0.06, 0.06)
    pen.stroke(polygon((0.0, 0.4), (lean, -0.94)), 0.06, BROWN)
    pen.flush()
    belly = rng.uniform(0.55, 0.75)
    pen.shape(smooth([(lean - 0.06, -0.84), (-0.06, 0.2), (-belly, 0.22), (-0.5, -0.2)]), WHITE)
    pen.shape(smooth([(lean + 0.08, -0.7), (0.08, 0.2), (0.62, 0.22), (0.42, -0.2)]), light(color, 0.3))
    pen.shape(polygon((-0.96, 0.36), (0.96, 0.36), (0.62, 0.84), (-0.62, 0.84)), color)
    pen.shape(polygon((lean, -0.98), (lean + 0.3, -0.89), (lean, -0.8)), (220, 50, 50))
    pen.flush()
    pen.mark(polygon((-0.8, 0.54), (0.8, 0.54)), 0.06, light(color, 0.5))


def star(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Five rounded points and a smile."""
    turn = rng.uniform(-8, 8) - 90
    radii = [0.98 if k % 2 == 0 else 0.46 for k in range(10)]
    angles = [math.radians(turn + 36 * k) for k in range(10)]
    corners = [(r * math.cos(a), r * math.sin(a) + 0.05) for r, a in zip(radii, angles, strict=True)]
    pen.shape(polygon(*corners), color)
    pen.flush()
    face(pen, 0.0, 0.0, 0.26)


def moon(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """A crescent with a sleepy face."""
    depth = rng.uniform(0.18, 0.3)
    outer = arc(0.1, 0, 0.92, 0.94, -52, -308, 40)
    inner = arc(0.1 + 0.57 * 0.92 + depth * 0.1, 0, 0.62, 0.76, -256, -104, 30)
    pen.shape(np.concatenate([outer, inner]), color)
    pen.flush()
    pen.fill(ellipse(-0.36, 0.42, 0.12, 0.12), dark(color, 0.12))
    pen.fill(ellipse(-0.3, -0.56, 0.1, 0.1), dark(color, 0.12))
    pen.mark(arc(-0.42, -0.12, 0.13, 0.08, 10, 170), 0.06, DARK)
    pen.mark(arc(-0.3, 0.14, 0.14, 0.12, 30, 150), 0.05, DARK)


def heart(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """The playing-card shape with a glint."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    plump = rng.uniform(0.94, 1.06)
    x = np.sin(t) ** 3 * plump
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16.5 - 0.08
    points: Points = np.stack([x, y], 1)
    pen.shape(points, color)
    pen.flush()
    pen.mark(arc(-0.46, -0.36, 0.26, 0.26, 180, 275), 0.1, light(color, 0.6))


def butterfly(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Seen from above: two pairs of spotted wings, a slim body, feelers."""
    open_ = rng.uniform(0.92, 1.04)
    for side in (-1, 1):
        w = side * open_
        pen.stroke(smooth([(side * 0.04, -0.5), (side * 0.16, -0.78), (side * 0.34, -0.9)], closed=False), 0.05, DARK)
        pen.shape(smooth([(w * 0.06, 0.05), (w * 0.5, 0.06), (w * 0.78, 0.46), (w * 0.5, 0.84), (w * 0.2, 0.6)]),
                  dark(color, 0.2))  # fmt: skip
        pen.shape(
            smooth([(w * 0.06, 0.1), (w * 0.2, -0.5), (w * 0.7, -0.86), (w * 0.98, -0.5), (w * 0.62, 0.14)]), color
        )
    pen.flush()
    for side in (-1, 1):
        pen.fill(ellipse(side * 0.66 * open_, -0.46, 0.17, 0.17), light(color, 0.6))
        pen.fill(ellipse(side * 0.48 * open_, 0.46, 0.13, 0.13), light(color, 0.6))
    pen.shape(ellipse(0, 0.06, 0.1, 0.58), (74, 56, 60))
    pen.shape(ellipse(0, -0.48, 0.15, 0.15), (74, 56, 60))
    pen.flush()


def rocket(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Upright: pointed hull in the colour, porthole, fins, flame."""
    blaze = rng.uniform(0.9, 1.06)
    pen.shape(smooth([(-0.26, 0.6), (-0.16, 0.84), (0.0, blaze), (0.16, 0.84), (0.26, 0.6)]), (250, 150, 40))
    pen.flush()
    pen.fill(smooth([(-0.12, 0.62), (0.0, 0.86), (0.12, 0.62)]), (255, 232, 120))
    for side in (-1, 1):
        pen.shape(polygon((side * 0.3, 0.12), (side * 0.74, 0.52), (side * 0.7, 0.78), (side * 0.28, 0.58)),
                  dark(color, 0.35))  # fmt: skip
    pen.shape(smooth([(0, -1.0), (0.26, -0.62), (0.38, -0.1), (0.3, 0.6), (0.0, 0.66), (-0.3, 0.6), (-0.38, -0.1),
                      (-0.26, -0.62)]), color)  # fmt: skip
    pen.flush()
    pen.fill(
        smooth([(0, -0.97), (0.2, -0.7), (0.26, -0.56), (0, -0.5), (-0.26, -0.56), (-0.2, -0.7)]), light(color, 0.5)
    )
    pen.shape(ellipse(0, -0.14, 0.2, 0.2), (190, 230, 250))
    pen.flush()
    pen.mark(arc(-0.01, -0.15, 0.1, 0.1, 180, 270), 0.05, WHITE)
    pen.mark(polygon((-0.28, 0.36), (0.28, 0.36)), 0.05, dark(color, 0.35))


def mushroom(pen: Pen, color: Color, rng: np.random.Generator) -> None:
    """Round cap with white spots on a pale stem that smiles."""
    lean = rng.uniform(-0.06, 0.06)
    pen.shape(
        smooth([(-0.26, 0.0), (-0.24, 0.5), (-0.36, 0.92), (0.36, 0.92), (0.24, 0.5), (0.26, 0.0)]), (246, 232, 206)
    )
    pen.flush()
    cap = [(-0.96, 0.06), (-0.78, -0.52), (lean, -0.96), (0.78, -0.52), (0.96, 0.06), (0.5, 0.2), (-0.5, 0.2)]
    pen.shape(smooth(cap), color)
    pen.flush()
    spots = WHITE if min(color) < 190 else (206, 196, 186)
    for x, y, r in ((-0.44, -0.3, 0.17), (0.12 + lean, -0.58, 0.18), (0.52, -0.2, 0.15), (0.02, -0.08, 0.13)):
        pen.fill(ellipse(x, y, r, r * 0.9), spots)
    face(pen, 0.0, 0.5, 0.18)


def face(pen: Pen, x: float, y: float, size: float) -> None:
    """Two dot eyes and a smile."""
    for side in (-1, 1):
        pen.fill(ellipse(x + side * size * 0.6, y - size * 0.2, size * 0.26, size * 0.36), DARK)
        pen.fill(ellipse(x + side * size * 0.6 - size * 0.08, y - size * 0.34, size * 0.09, size * 0.1), WHITE)
    pen.mark(arc(x, y + size * 0.1, size * 0.5, size * 0.5, 20, 160), 0.05, DARK)


SUBJECTS: dict[str, Draw] = {
    "cat": cat,
    "dog": dog,
    "spider": spider,
    "fish": fish,
    "bird": bird,
    "house": house,
    "tree": tree,
    "flower": flower,
    "car": car,
    "boat": boat,
    "star": star,
    "moon": moon,
    "heart": heart,
    "butterfly": butterfly,
    "rocket": rocket,
    "mushroom": mushroom,
}

USUAL_COLORS: dict[str, tuple[str, ...]] = {
    "cat": ("orange", "grey", "black"),
    "dog": ("brown", "white"),
    "spider": ("black", "purple"),
    "fish": ("orange", "blue"),
    "bird": ("blue", "red"),
    "house": ("red", "yellow"),
    "tree": ("green",),
    "flower": ("pink", "red"),
    "car": ("red", "blue"),
    "boat": ("brown", "red"),
    "star": ("yellow",),
    "moon": ("yellow", "white"),
    "heart": ("red", "pink"),
    "butterfly": ("orange", "blue"),
    "rocket": ("red", "white"),
    "mushroom": ("red", "brown"),
}
"""What a subject looks like when the caption names no colour."""
