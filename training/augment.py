"""Pictures that are not drawings of ours, for the autoencoder only.

The loop feeds the model its own frames, warped and blended, and people feed it photographs: the autoencoder must
carry those too, or colours drift after a few frames.
"""

from __future__ import annotations

import cv2
import numpy as np

from training.pen import Picture


def warped(image: Picture, rng: np.random.Generator) -> Picture:
    """Zoomed, turned and shifted, with a mirrored border: what motion does to a frame."""
    size = image.shape[0]
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-40, 40), float(np.exp(rng.uniform(-0.5, 0.9))))
    matrix[:, 2] += rng.uniform(-0.25, 0.25, 2) * size
    return np.asarray(
        cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def texture(size: int, rng: np.random.Generator) -> Picture:
    """Smooth coloured noise at a random scale: photograph-like gradients and mottling."""
    cells = int(rng.choice([2, 3, 4, 8, 16, 32]))
    noise = rng.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
    if rng.random() < 0.3:
        noise[:] = noise.mean(2, keepdims=True)
    big = cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, rng.choice([0.0, 6.0, 16.0]), big.shape)
    return np.asarray(np.clip(big + grain, 0, 255), np.uint8)


def toned(image: Picture, rng: np.random.Generator) -> Picture:
    """Contrast and brightness changed, each channel a little differently."""
    gain = rng.uniform(0.6, 1.4) * rng.uniform(0.85, 1.15, 3)
    return np.clip((image.astype(np.float32) - 128) * gain + 128 + rng.uniform(-40, 40), 0, 255).astype(np.uint8)


def varied(image: Picture, other: Picture, rng: np.random.Generator) -> Picture:
    """One picture of the autoencoder's diet: usually the drawing itself."""
    roll = rng.random()
    if roll < 0.6:
        return image[:, ::-1] if rng.random() < 0.5 else image
    if roll < 0.8:
        return warped(image, rng)
    if roll < 0.87:
        share = rng.uniform(0.2, 0.8)
        return (image * share + other * (1 - share)).astype(np.uint8)
    if roll < 0.94:
        return toned(warped(image, rng) if rng.random() < 0.5 else image, rng)
    size = image.shape[0]
    noise = texture(size, rng)
    if rng.random() < 0.5:
        return noise
    share = rng.uniform(0.3, 0.8)
    return (image * share + noise * (1 - share)).astype(np.uint8)
