"""What people may type for a scene: many word orders, synonyms, left-out attributes, harmless extras.

A caption and what it says (`Meaning`) are made together: the text encoder learns to read the meaning back. A subject
that is only half there is said with a weight, in the prompt syntax of the program: `(a red cat:0.4)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.backgrounds import LANDSCAPES
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
    "butterfly": ("butterfly", "butterfly", "butterfly", "moth"),
    "rocket": ("rocket", "rocket", "rocket", "spaceship", "spacecraft"),
    "mushroom": ("mushroom", "mushroom", "mushroom", "toadstool"),
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
    "sunset": ("at sunset", "sunset", "in the sunset", "sunset sky", "in the evening", "at dusk", "evening"),
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
    "dawn": ("at dawn", "sunrise", "at sunrise", "early morning", "in the morning", "dawn", "morning sky"),
    "storm": ("in a storm", "storm", "thunderstorm", "in the rain", "stormy sky", "rainy day", "rain"),
    "fog": ("in the fog", "fog", "foggy day", "in the mist", "mist"),
    "city": ("in the city", "city", "in a city", "in the street", "city street", "skyline", "in town"),
}

TIME_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("by day", "in daylight", "at noon"),
    "dawn": ("at dawn", "at sunrise", "early morning", "in the morning", "sunrise"),
    "sunset": ("at sunset", "sunset", "in the evening", "at dusk", "evening"),
    "night": ("at night", "by night", "in the night", "night", "under the stars", "night sky"),
    "storm": ("in a storm", "storm", "thunderstorm", "in the rain", "stormy", "rain"),
    "fog": ("in the fog", "fog", "foggy", "in the mist", "misty"),
}
"""When and in what weather a landscape is seen."""

STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "cartoon": ("cartoon", "cartoon style", "comic", "children book"),
    "flat": ("flat", "flat design", "flat style", "vector art", "flat colors", "no outline"),
    "outline": ("outline", "line drawing", "line art", "outline drawing", "sketch", "only lines"),
    "pixel": ("pixel art", "pixel art", "pixel", "8-bit", "pixelated", "pixel style", "retro game"),
    "watercolour": ("watercolor", "watercolour", "watercolor painting", "watercolour painting", "aquarelle"),
    "neon": ("neon", "neon light", "neon sign", "neon style", "glowing neon", "glowing lines"),
}

SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little"),
    "large": ("big", "large", "huge", "giant"),
    "close": ("close up", "close-up", "very close", "extreme close up"),
}

POSITION_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "left"),
    "right": ("on the right", "on the right side", "right"),
    "center": ("in the middle", "in the center", "centered"),
    "top": ("at the top", "top", "high up"),
    "bottom": ("at the bottom", "bottom", "low down"),
}

OPENINGS: tuple[str, ...] = (
    "a photo of", "photo of", "a picture of", "a drawing of", "drawing of", "a painting of", "painting of",
    "an illustration of", "a cute", "a beautiful", "an image of", "portrait of", "there is", "i see",
)  # fmt: skip

EXTRAS: tuple[str, ...] = (
    "highly detailed", "masterpiece", "best quality", "4k", "8k", "hd", "trending on artstation", "sharp focus",
    "digital art", "beautiful", "cute", "colorful", "vivid colors", "simple", "illustration",
    "detailed", "realistic", "cinematic lighting", "concept art", "professional", "award winning",
    "intricate", "smiling", "happy", "by a famous artist", "octane render",
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
    "spring", "autumn", "fire", "shadow", "soft", "warm", "cold", "sweet",
    "fast", "slow", "round", "square", "long", "short", "wild", "calm", "lonely", "brave", "funny", "strange",
    "ancient", "modern", "future", "past", "van", "gogh", "picasso",
)  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a caption says; None where it is silent."""

    subject: str | None = None
    color: str | None = None
    background: str | None = None
    size: str | None = None
    position: str | None = None
    style: str | None = None
    time: str | None = None


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


def _weighted(words: str, presence: float, rng: np.random.Generator) -> str:
    """`words` with the weight at which this much of the subject is left: all of it from 0.9, nothing below 0.1."""
    if presence >= 1:
        return words
    weight = 0.1 + 0.8 * presence if presence > 0 else rng.uniform(0, 0.1)
    return f"({words}:{weight:.2f})"


def _subject_phrase(rng: np.random.Generator, scene: Scene, says_color: bool, says_size: bool, manner: str) -> str:
    """The subject with its adjectives; `manner` is a style word that comes first, or nothing."""
    words = [_pick(rng, SUBJECT_WORDS[scene.subject])]
    late_color = says_color and rng.random() < 0.08
    if says_color and not late_color:
        words.insert(0, _pick(rng, COLOR_WORDS[scene.color]))
    if says_size:
        words.insert(0, _pick(rng, SIZE_WORDS[scene.size]))
    if manner:
        words.insert(0, manner)
    if rng.random() < 0.06:
        words.insert(0, _pick(rng, ("cute", "beautiful", "lovely", "nice", "happy", "pretty")))
    if rng.random() < 0.4:
        words[-1] = _weighted(words[-1], scene.presence, rng)
        phrase = _article(rng, " ".join(words))
    else:
        phrase = _weighted(_article(rng, " ".join(words)), scene.presence, rng)
    return f"{phrase} in {_pick(rng, COLOR_WORDS[scene.color])}" if late_color else phrase


def _manner(rng: np.random.Generator, scene: Scene) -> tuple[str, str, str]:
    """The style word as an adjective, as an opening, or as a part of its own; the default style is rarely named."""
    if scene.style == "cartoon" and rng.random() < 0.85:
        return "", "", ""
    word = _pick(rng, STYLE_WORDS[scene.style])
    roll = rng.random()
    if roll < 0.3:
        return word, "", ""
    if roll < 0.55:
        return "", f"{word} of" if roll < 0.45 else f"a {word} of", ""
    return "", "", f"in {word} style" if roll > 0.93 and "style" not in word else word


def silence(rng: np.random.Generator) -> str:
    """A caption that says nothing about the picture: empty, praise or blame."""
    roll = rng.random()
    if roll < 0.7:
        return ""
    pool = FLAWS if roll < 0.88 else EXTRAS
    words = [_pick(rng, pool) for _ in range(int(rng.integers(1, 6)))]
    return ", ".join(words)


def _arranged(rng: np.random.Generator, subject: list[str], middle: list[str], place: list[str]) -> list[str]:
    roll = rng.random()
    if roll < 0.15:
        return [*place, *subject, *middle]
    return [*subject, *place, *middle] if roll < 0.32 else [*subject, *middle, *place]


def caption(scene: Scene, rng: np.random.Generator) -> tuple[str, Meaning]:
    """A random caption of `scene`, and what it says.

    What is there is said, or an empty scene could not be asked for; colour, background, size may be left out.
    """
    usual = scene.color in USUAL_COLORS[scene.subject]
    says_subject = scene.presence > 0 or rng.random() < 0.5
    says_color = says_subject and rng.random() < (0.6 if usual else 0.93)
    says_background = not says_subject or rng.random() < 0.9
    says_time = scene.background in LANDSCAPES and rng.random() < (0.08 if scene.time == "day" else 1.0)
    says_time = says_time and says_background
    says_size = says_subject and scene.size in SIZE_WORDS and rng.random() < 0.9
    says_position = says_subject and rng.random() < (0.08 if scene.position == "center" else 0.95)
    adjective, opening, manner = _manner(rng, scene)
    middle = [_pick(rng, POSITION_WORDS[scene.position])] if says_position else []
    place = [_background(rng, scene.background)] if says_background else []
    if says_time:
        place.insert(len(place) if rng.random() < 0.75 else 0, _pick(rng, TIME_WORDS[scene.time]))
    subject = [_subject_phrase(rng, scene, says_color, says_size, adjective)] if says_subject else []
    if not says_subject and adjective:
        manner = adjective
    parts = _arranged(rng, subject, middle, place)
    if opening:
        parts[0] = f"{opening} {parts[0]}"
    elif rng.random() < 0.2:
        parts[0] = f"{_pick(rng, OPENINGS)} {parts[0]}"
    if manner:
        parts.insert(0 if rng.random() < 0.4 else len(parts), manner)
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
        scene.style if adjective or opening or manner else None,
        scene.time if says_time else None,
    )
    return text, meaning
