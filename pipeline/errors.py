"""One base error and one class per consequence. Each says file, place, cause and what to do.

What a runner should do follows from the class alone: `Rejected` costs one source, the others stop the run.
"""


class WinnowError(Exception):
    """Base of everything winnow raises on purpose.

    `cause` says what is wrong, `remedy` what the user can do, `place` where (a path, a key, "line 3").
    """

    def __init__(self, cause: str, *, remedy: str = "", place: str = "") -> None:
        super().__init__(cause, remedy, place)
        self.cause = cause
        self.remedy = remedy
        self.place = place

    def __str__(self) -> str:
        head = f"{self.place}: {self.cause}" if self.place else self.cause
        return f"{head}. {self.remedy}" if self.remedy else head

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.cause, self.remedy, self.place, self.__dict__)


class Rejected(WinnowError):  # noqa: N818 - it is what the documents table calls it
    """This source cannot become articles; the rest of the run is unharmed.

    `stage` is the room that refused (sources, decode, blocks, …), `reason` a stable short code for the documents table.
    """

    def __init__(self, stage: str, reason: str, cause: str, *, remedy: str, place: str = "") -> None:
        super().__init__(cause, remedy=remedy, place=place)
        self.stage = stage
        self.reason = reason


class SettingsError(WinnowError):
    """A setting is unknown or has a value that cannot be used. Nothing was run."""


class RuleError(WinnowError):
    """A rule file is malformed or fails its own hits and misses. Nothing was run."""


class DatasetError(WinnowError):
    """The dataset on disk is not what it should be, or cannot be written. Nothing of it was changed."""


class DatasetLocked(DatasetError):  # noqa: N818 - the state, not a fault
    """Another run is writing this dataset."""


def _rebuild(cls: type[WinnowError], cause: str, remedy: str, place: str, state: dict[str, object]) -> WinnowError:
    error = cls.__new__(cls)
    Exception.__init__(error, cause, remedy, place)
    error.__dict__.update(state)
    return error
