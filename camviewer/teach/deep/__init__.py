"""Teaching the layers of a network themselves, not only what stands on top of them."""

from camviewer.teach.deep.options import Options
from camviewer.teach.deep.stages import fresh_head, stages
from camviewer.teach.deep.told import Ending, Epoch, Step, Tuned
from camviewer.teach.deep.tuning import fine_tune

__all__ = ["Ending", "Epoch", "Options", "Step", "Tuned", "fine_tune", "fresh_head", "stages"]
