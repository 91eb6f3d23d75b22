"""What one pane asks, and what all panes share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from camviewer.cam.methods import AUTO, METHODS
from camviewer.gui.carrying import within_reach
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request, Sharper
from camviewer.types import BoxRule, Question


@dataclass(frozen=True)
class Setting:
    """What one pane asks.

    Attributes:
        model: the network.
        method: name of the CAM method, or ``auto``.
        layer: name of the target layer; None for the automatic one.
        targets: class indices; None for what the network finds.
    """

    model: ModelInfo
    method: str = AUTO
    layer: str | None = None
    targets: tuple[int, ...] | None = None

    @property
    def trunk(self) -> tuple[ModelInfo, str]:
        """Panes with the same share one run of the network below the target layer."""
        return self.model, self.layer or self.model.inspector.automatic_layer.name

    @property
    def slow(self) -> bool:
        """Whether the method runs the network many times."""
        return self.method != AUTO and METHODS[self.method].slow

    @property
    def layered(self) -> bool:
        """Whether the method looks at the target layer."""
        return self.method == AUTO or METHODS[self.method].layered

    def on(self, model: ModelInfo) -> Setting:
        """The same asked of another network, as far as it can be."""
        same = model.classifier.labels == self.model.classifier.labels
        method = AUTO if model.obstacles.get(self.method) else self.method
        return Setting(model, method, targets=self.targets if same else None)


@dataclass(frozen=True)
class Common:
    """What all panes share: everything of a request that is not a pane's own.

    Attributes:
        request: as asked in the window.
        model: the network that it was asked of.
    """

    request: Request
    model: ModelInfo

    @property
    def setting(self) -> Setting:
        """What the window itself shows, as a pane."""
        request = self.request
        return Setting(self.model, request.method, request.layer, request.targets)

    @property
    def rule(self) -> BoxRule:
        """How boxes are derived."""
        return self.request.rule

    def asked(self, setting: Setting) -> Request:
        """The whole request of a pane.

        The input size is that of the network it was chosen for, and so is the class compared with.
        Of what makes maps sharper a pane does what its network and layer can.
        """
        sharper = self.request.sharper
        if sharper != Sharper():
            best = setting.model.inspector.sharpest(setting.layer)
            sharper = within_reach(sharper, best)
        request = replace(
            self.request,
            method=setting.method,
            layer=setting.layer,
            targets=setting.targets,
            sharper=sharper,
        )
        if setting.model is self.model:
            return request
        question = request.question
        if setting.model.classifier.labels != self.model.classifier.labels:
            question = Question() if question.other is not None else question
        return replace(request, input_size=None, question=question)
