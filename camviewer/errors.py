"""Errors that a person reads: every message says what happened and what to do about it."""


class CamviewerError(Exception):
    """Base of every error that is shown to the user as it stands."""


class PictureError(CamviewerError):
    """A picture cannot be read: missing, empty, truncated, mislabelled or too large."""


class SourceError(CamviewerError):
    """A camera, video or stream gives no pictures now; it may come back by itself."""


class SourceRefusedError(SourceError):
    """It will not come back by itself: no permission, no such file, nothing that can be read."""


class ModelError(CamviewerError):
    """A network or its labels cannot be loaded."""


class WeightsMismatchError(ModelError):
    """A state_dict does not fit the architecture; the message names the first keys that differ."""


class ConsentRequiredError(ModelError):
    """The file holds a program, not only numbers: it runs only after the user agreed to that."""


class DownloadError(ModelError):
    """Weights cannot be fetched; the message says which file to put where."""


class MethodError(CamviewerError):
    """A CAM method cannot serve this network or layer; the message names one that can."""


class ExportError(CamviewerError):
    """A result cannot be written."""


class CancelledError(CamviewerError):
    """The user cancelled a long operation."""
