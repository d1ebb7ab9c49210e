"""What people may type for a scene: many word orders, synonyms, left-out attributes, harmless extras.

A caption and what it says (`Meaning`) are made together: the text encoder learns to read the meaning back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.drawing import Scene
from training.palette import COLORS
from training.subjects import USUAL_COLORS

SUBJECT_WORDS: dict[str, tuple[str, ...]] = {
    "cat": ("cat", "cat", "cat", "kitten", "kitty"),
    "dog": ("dog", "dog", "dog", "puppy", "hound"),
    "spider": ("spider", "spider", "spider", "tarantula"),
    "fish": ("fish", "fish", "fish", "goldfish"),
    "bird": ("bird", "bird", "bird", "sparrow", "birdie"),
    "house": ("house", "house", "house", "home", "cottage"),
    "tree": ("tree", "tree", "tree", "oak"),
    "flower": ("flower", "flower", "flower", "daisy", "blossom"),
    "car": ("car", "car", "car", "automobile", "vehicle"),
    "boat": ("boat", "boat", "boat", "ship", "sailboat"),
    "star": ("star", "star", "star"),
    "moon": ("moon", "moon", "moon", "crescent moon"),
    "heart": ("heart", "heart", "heart", "valentine heart"),
}

COLOR_WORDS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in COLORS},
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "yellow": ("yellow", "yellow", "yellow", "golden"),
    "purple": ("purple", "purple", "purple", "violet"),
    "grey": ("grey", "gray"),
}

PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "night": (
        "at night",
        "night sky",
        "under the stars",
        "in the night",
        "starry night",
        "in the dark night",
        "under a starry sky",
    ),
    "sunset": ("at sunset", "sunset", "in the sunset", "sunset sky", "in the evening", "at dusk", "at dawn"),
    "sea": ("at sea", "on the sea", "in the ocean", "by the sea", "ocean", "sea", "on the water", "blue sea"),
    "meadow": (
        "in a meadow",
        "in a field",
        "on the grass",
        "green meadow",
        "meadow",
        "grassy field",
        "in the garden",
        "sunny day",
    ),
    "space": ("in space", "outer space", "in outer space", "space", "in the galaxy", "cosmos"),
    "snow": ("in the snow", "in winter", "snow", "snowy landscape", "winter landscape", "on snow"),
    "desert": ("in the desert", "desert", "sand dunes", "on the sand", "in a desert"),
    "forest": ("in the forest", "in a forest", "forest", "in the woods", "dark forest"),
    "city": ("in the city", "city", "in a city", "in the street", "city street", "skyline", "in town"),
}

SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little"),
    "large": ("big", "large", "huge", "giant"),
}

POSITION_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "left"),
    "right": ("on the right", "on the right side", "right"),
    "center": ("in the middle", "in the center", "centered"),
}

OPENINGS: tuple[str, ...] = (
    "a photo of", "photo of", "a picture of", "a drawing of", "drawing of", "a painting of", "painting of",
    "an illustration of", "a cartoon of", "cartoon", "a cute", "a beautiful", "an image of", "portrait of",
    "a close up of", "there is", "i see",
)  # fmt: skip

EXTRAS: tuple[str, ...] = (
    "highly detailed", "masterpiece", "best quality", "4k", "8k", "hd", "trending on artstation", "sharp focus",
    "digital art", "cartoon", "beautiful", "cute", "colorful", "vivid colors", "simple", "flat", "illustration",
    "detailed", "realistic", "cinematic lighting", "concept art", "vector art", "professional", "award winning",
    "intricate", "smiling", "happy", "children book", "clean lines", "by a famous artist", "octane render",
    "unreal engine", "high resolution", "very nice",
)  # fmt: skip

FLAWS: tuple[str, ...] = (
    "blurry", "ugly", "low quality", "worst quality", "bad anatomy", "watermark", "text", "signature", "deformed",
    "jpeg artifacts", "out of focus", "noise", "cropped", "lowres", "error", "extra legs", "poorly drawn", "nsfw",
    "duplicate", "mutation",
)  # fmt: skip

STRANGERS: tuple[str, ...] = (
    "the", "of", "and", "with", "from", "over", "under", "near", "very", "some", "old", "new", "young", "walking",
    "sitting", "running", "standing", "sleeping", "jumping", "dreaming", "magic", "river", "mountain", "cloud",
    "wind", "music", "dance", "king", "queen", "robot", "wizard", "castle", "dragon", "apple", "bread", "cup",
    "book", "table", "chair", "glass", "people", "man", "woman", "child", "girl", "boy", "friend", "summer",
    "spring", "autumn", "morning", "rain", "storm", "fire", "light", "shadow", "soft", "warm", "cold", "sweet",
    "fast", "slow", "round", "square", "long", "short", "wild", "calm", "lonely", "brave", "funny", "strange",
    "ancient", "modern", "future", "past", "style", "van", "gogh", "picasso",
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a caption says; None where it is silent."""

    subject: str | None = None
    color: str | None = None
    background: str | None = None
    size: str | None = None
    position: str | None = None


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _article(rng: np.random.Generator, words: str) -> str:
    roll = rng.random()
    if roll < 0.35:
        return words
    if roll < 0.5:
        return f"the {words}"
    if roll < 0.55:
        return f"one {words}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _background(rng: np.random.Generator, name: str) -> str:
    if name in PLACE_WORDS:
        return _pick(rng, PLACE_WORDS[name])
    color = _pick(rng, COLOR_WORDS[name])
    forms = (
        "{} background",
        "on a {} background",
        "{} background",
        "on {} background",
        "in front of a {} wall",
        "on {}",
        "with {} background",
        "a plain {} background",
    )
    return _pick(rng, forms).format(color)


def _noise_words(rng: np.random.Generator) -> str:
    if rng.random() < 0.6:
        return " ".join(_pick(rng, STRANGERS) for _ in range(int(rng.integers(1, 4))))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(letters[k] for k in rng.integers(0, len(letters), int(rng.integers(2, 9))))


def _subject_phrase(rng: np.random.Generator, scene: Scene, says_color: bool, says_size: bool) -> str:
    words = [_pick(rng, SUBJECT_WORDS[scene.subject])]
    late_color = says_color and rng.random() < 0.08
    if says_color and not late_color:
        words.insert(0, _pick(rng, COLOR_WORDS[scene.color]))
    if says_size:
        words.insert(0, _pick(rng, SIZE_WORDS[scene.size]))
    if rng.random() < 0.06:
        words.insert(0, _pick(rng, ("cute", "beautiful", "lovely", "nice", "happy", "pretty")))
    phrase = _article(rng, " ".join(words))
    return f"{phrase} in {_pick(rng, COLOR_WORDS[scene.color])}" if late_color else phrase


def silence(rng: np.random.Generator) -> str:
    """A caption that says nothing about the picture: empty, praise or blame."""
    roll = rng.random()
    if roll < 0.7:
        return ""
    pool = FLAWS if roll < 0.88 else EXTRAS
    words = [_pick(rng, pool) for _ in range(int(rng.integers(1, 6)))]
    return ", ".join(words)


def caption(scene: Scene, rng: np.random.Generator) -> tuple[str, Meaning]:
    """A random caption of `scene`, and what it says."""
    usual = scene.color in USUAL_COLORS[scene.subject]
    says_subject = rng.random() < 0.97
    says_color = says_subject and rng.random() < (0.6 if usual else 0.93)
    says_background = rng.random() < (0.9 if says_subject else 1.0)
    says_size = says_subject and scene.size in SIZE_WORDS and rng.random() < 0.85
    says_position = rng.random() < (0.08 if scene.position == "center" else 0.9)
    middle = [_pick(rng, POSITION_WORDS[scene.position])] if says_position else []
    place = [_background(rng, scene.background)] if says_background else []
    parts = [_subject_phrase(rng, scene, says_color, says_size)] if says_subject else []
    if rng.random() < 0.15:
        parts = [*place, *parts, *middle]
    elif rng.random() < 0.2:
        parts = [*parts, *place, *middle]
    else:
        parts = [*parts, *middle, *place]
    if rng.random() < 0.2:
        parts[0] = f"{_pick(rng, OPENINGS)} {parts[0]}"
    for _ in range(int(rng.choice(4, p=[0.7, 0.14, 0.1, 0.06]))):
        extra = _pick(rng, EXTRAS) if rng.random() < 0.6 else _noise_words(rng)
        parts.insert(int(rng.integers(len(parts) + 1)), extra)
    text = (", " if rng.random() < 0.6 else " ").join(parts)
    meaning = Meaning(
        scene.subject if says_subject else None,
        scene.color if says_color else None,
        scene.background if says_background else None,
        scene.size if says_size else None,
        scene.position if says_position else None,
    )
    return text, meaning
