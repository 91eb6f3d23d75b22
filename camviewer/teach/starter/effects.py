"""What a camera does to a scene: light, focus, noise, compression."""

import cv2
import numpy as np

from camviewer.teach.starter.raster import Rgb, Rng, as_bytes, blurred, resized


def photographed(rng: Rng, picture: Rgb) -> Rgb:
    """The scene as a camera might see it."""
    side = picture.shape[0]
    if rng.random() < 0.6:
        picture = _lit(rng, picture)
    if rng.random() < 0.1:
        grey = picture @ np.array([0.299, 0.587, 0.114])
        picture = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    focus = rng.random()
    if focus < 0.3:
        picture = blurred(picture, side / 160 * rng.uniform(0.3, 1.1))
    elif focus < 0.4:
        smaller = max(32, round(side * rng.uniform(0.55, 0.9)))
        picture = resized(resized(picture, smaller, smaller), side, side)
    if rng.random() < 0.4:
        noise = rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(2, 14))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        _, data = cv2.imencode(".jpg", picture, quality)
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(picture)


def _lit(rng: Rng, picture: Rgb) -> Rgb:
    """Exposure, contrast, colour of the light, and its fall-off across the picture."""
    side = picture.shape[0]
    gain = rng.normal(1.0, 0.06, 3) * rng.uniform(0.65, 1.25)
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    fall = 1 + ramp[:, None] * rng.normal(0, 0.15) + ramp[None] * rng.normal(0, 0.15)
    lit = (picture.astype(np.float32) - 128) * np.float32(rng.uniform(0.65, 1.2)) + 128
    lit = lit * (fall[..., None] * gain).astype(np.float32) + np.float32(rng.normal(0, 10))
    return as_bytes(lit)
