"""Files as others send them: hostile, broken, and odd but harmless, each with what must come of it."""

from tests.support.corpus.case import CANARY, Case, Imported, Refused
from tests.support.corpus.hostile import HOSTILE
from tests.support.corpus.odd import ODD

__all__ = ["CANARY", "HOSTILE", "ODD", "Case", "Imported", "Refused"]
