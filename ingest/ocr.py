"""Pictures of text become lines with their places, and files of pictures become texts.

The one place that loads rapidocr. Its models come with that package and are named by their paths, so nothing is ever
fetched. Memory is bounded by `MOST_PIXELS` a picture, which is read in strips of `STRIP` rows. It reads upright text in
lines: text that runs downwards, or a picture that lies on its side, is not read.
"""

from __future__ import annotations

import re
import statistics
import threading
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ingest.extracted import Extracted
from ingest.layout import Line, Page, assemble
from rag.errors import DocumentError

#: What a picture may have: bytes, pixels a frame, and pixels across when it is read.
MOST_BYTES = 200_000_000
MOST_PIXELS = 60_000_000
WIDEST = 2400
#: Pages of one file that are read from their picture, and about how many seconds each takes two cores with nothing else
#: to do: 4 at 16 points, 5.4 at 12 (1,440 characters), 8 at 9. `ingest.reader.SECONDS` must be enough for all of them.
MOST_SCANS = 200
SECONDS_A_SCAN = 5.4
#: Rows of pixels that are read at once; a longer picture is cut where it is blank.
STRIP = 3000


def read_image(path: Path) -> Extracted:
    """The text in a picture; the frames of a TIFF are pages. Raises DocumentError, also where it holds no text."""
    name = path.name
    pages: list[Page] = []
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DocumentError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB; save it in a smaller size.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged tags; a picture that is too large is refused below
            with Image.open(path, formats=("PNG", "JPEG", "TIFF", "BMP", "WEBP")) as image:
                frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
                if frames > MOST_SCANS:
                    raise DocumentError(f"{name} has more than {MOST_SCANS} pages; split it into smaller files.")
                for frame in range(frames):
                    image.seek(frame)
                    pixels = _pixels(image, name)
                    height, width = pixels.shape[:2]
                    pages.append(Page(recognise(pixels, f"{name} is a picture"), width, height))
    except DocumentError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except FileNotFoundError as error:
        raise DocumentError(f"{name} cannot be read (it is not there); check its name.") from error
    except UnidentifiedImageError as error:
        raise DocumentError(f"{name} is not a picture, or damaged; save it again as PNG or JPEG.") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        raise DocumentError(f"{name} is damaged or cannot be read; save it again as PNG or JPEG.") from error
    text, offsets = assemble(pages)
    if not text:
        raise DocumentError(f"{name} shows no text that can be read; add a sharper picture or leave it out.")
    return Extracted(text, pages=offsets)


def _too_large(name: str) -> DocumentError:
    return DocumentError(f"{name} has more than {MOST_PIXELS // 1_000_000} million pixels; save it in a smaller size.")


def _pixels(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Red, green and blue of a picture: upright, on white, and not wider than is read."""
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(name)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I") or upright.mode == "F":
        values = np.asarray(upright, dtype=np.float32)
        upright = Image.fromarray((values * (255 / max(1.0, float(values.max())))).astype(np.uint8))
    elif upright.mode != "RGB":
        layer = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    if upright.width > WIDEST:
        upright.thumbnail((WIDEST, upright.height), Image.Resampling.LANCZOS)
    return np.asarray(upright.convert("RGB"))


_LOCK = threading.Lock()
# The recognition leaves out the space in 2011-04-19 23:28.
_TIMED = re.compile(r"(?<=\d{4}[-/.]\d\d[-/.]\d\d)(?=\d\d:\d\d)")


def recognise(pixels: NDArray[np.uint8], what: str) -> list[Line]:
    """The lines of text in a picture (height, width, 3), with their places in it, straightened if it is askew.

    `what` begins the sentence of the DocumentError for a missing package: "a.png is a picture". Takes seconds.
    """
    found: list[tuple[NDArray[np.float64], str]] = []
    with _LOCK:
        engine = _engine(what)
        for start, stop in _strips(pixels):
            # Colours in the order of OpenCV.
            result = engine(np.ascontiguousarray(pixels[start:stop, :, ::-1]))
            if result.boxes is not None and result.txts is not None:
                for box, text in zip(result.boxes, result.txts, strict=True):
                    found.append(
                        (np.asarray(box, dtype=np.float64) + np.array([0, start]), _TIMED.sub(" ", text.strip()))
                    )
    found = [(box, text) for box, text in found if text]
    long = sorted(found, key=lambda item: item[0][1][0] - item[0][0][0])[-10:]
    slopes = [float((box[1][1] - box[0][1]) / max(1.0, box[1][0] - box[0][0])) for box, _ in long]
    slope = statistics.median(slopes) if slopes else 0.0
    lines = []
    for box, text in found:
        x, y = box[:, 0] + slope * box[:, 1], box[:, 1] - slope * box[:, 0]
        left, right = float(x[[0, 3]].mean()), float(x[[1, 2]].mean())
        lines.append(Line(text, left, float(y[[0, 1]].mean()), right, float(y[[2, 3]].mean())))
    return lines


def _strips(pixels: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Spans of rows, cut where a row is most even: between two lines of text."""
    start, height = 0, len(pixels)
    while height - start > STRIP:
        window = pixels[start + STRIP * 3 // 4 : start + STRIP, :, 1]
        stop = start + STRIP * 3 // 4 + int(np.argmin(window.std(axis=1)))
        yield start, stop
        start = stop
    yield start, height


@lru_cache(maxsize=1)
def _ready() -> Any:
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    # A model that is named and not there is an error, where the package would fetch one by its address.
    detects, reads = ((folder / f"PP-OCRv6_{task}_small.onnx").resolve(strict=True) for task in ("det", "rec"))
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # lines on their head are rare, and the model that looks for them costs time
            "Global.max_side_len": max(STRIP, WIDEST),
            # It has no setting that keeps a waiting thread from spinning; with two that costs a tenth more of the
            # processor's time, and no time of the clock.
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.model_path": str(detects),
            "Rec.model_path": str(reads),
        }
    )


def _engine(what: str) -> Any:
    try:
        return _ready()
    except ImportError as error:
        raise DocumentError(
            f"{what}, and the package that reads those is missing; install it with `pip install 'jianbao[ocr]'`."
        ) from error
    except FileNotFoundError as error:
        raise DocumentError(
            f"{what}, and the models that read those are missing; bring them back with "
            "`pip install --force-reinstall --no-deps rapidocr`."
        ) from error
