"""What can go wrong, as one tree. Each message is a plain sentence that names the cause, the value and the next step.

JianbaoError
 +- InputError             the question, a path or a setting cannot be used as given
 +- DocumentError          one file cannot be read; the rest of the library is unharmed
 +- WeightsError           local model weights are missing, incomplete or not the expected ones
 +- EncoderError           the embedding model named in the settings cannot be loaded or used
 +- LanguageModelError     the language model cannot be started or does not answer
 +- LibraryError           the library on disk cannot be used
     +- LibraryLocked      another process owns it
     +- LibraryMismatch    it was made by another encoder or another version of jianbao
     +- LibraryDamaged     its parts disagree and `jianbao doctor --repair` is needed
"""

from __future__ import annotations


class JianbaoError(Exception):
    """Base of every error that jianbao raises on purpose; `str(error)` is fit to be shown to a reader."""


class InputError(JianbaoError):
    """The question, a path or a setting cannot be used as given."""


class DocumentError(JianbaoError):
    """One file cannot be read as a document."""


class WeightsError(JianbaoError):
    """Local model weights are missing, incomplete or not the expected ones."""


class EncoderError(JianbaoError):
    """The embedding model cannot be loaded or used."""


class LanguageModelError(JianbaoError):
    """The language model cannot be started or does not answer."""


class LibraryError(JianbaoError):
    """The library on disk cannot be used."""


class LibraryLocked(LibraryError):
    """Another process owns the library."""


class LibraryMismatch(LibraryError):
    """The library was made by another encoder or another version of jianbao."""


class LibraryDamaged(LibraryError):
    """The library's parts disagree."""
