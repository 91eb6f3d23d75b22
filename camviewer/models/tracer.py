"""Following a network by torch.fx while other threads run theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from torch import fx, nn
from torchvision.models.feature_extraction import NodePathTracer

from camviewer.models.pooling import StrongestCells

_one_at_a_time = threading.Lock()


class Tracer(NodePathTracer):  # type: ignore[misc]
    """Follows what its own thread runs, and nothing else.

    While torch.fx follows a network it stands in for the call of every module in the process: what
    another thread runs meanwhile must be left alone, and only one may stand in at a time.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._latest: dict[str, int] = {}

    def trace(self, root: Any, concrete_args: dict[str, Any] | None = None) -> fx.Graph:
        """The network's graph.

        Raises:
            Exception: whatever the network's own code raises.
        """
        with _one_at_a_time:
            graph: fx.Graph = super().trace(root, concrete_args)
        return graph

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one operation."""
        whole: bool = super().is_leaf_module(m, module_qualified_name)
        # its number of cells is arithmetic, which only a network with open sizes may follow
        return whole or isinstance(m, StrongestCells)

    def create_proxy(
        self,
        kind: str,
        target: fx.node.Target,
        args: Any,
        kwargs: Any,
        name: str | None = None,
        type_expr: Any = None,
        *rest: Any,
    ) -> fx.Proxy:
        """An operation is recorded, under the name that torchvision gives it.

        torchvision compares each name with all before, half of the time that opening a large
        network takes.
        """
        proxy = fx.Tracer.create_proxy(self, kind, target, args, kwargs, name, type_expr, *rest)
        self.node_to_qualname[proxy.node] = self._numbered(proxy.node)
        return proxy

    def _numbered(self, node: fx.Node) -> str:
        name: str = self.current_module_qualname
        if node.op != "call_module":
            name = f"{name}.{node}" if name else str(node)
        # torch.fx numbers operations through the whole network, here they are within their module
        name = _number_of(name)[0]
        if name in self._latest:
            name = f"{name}_{self._latest[name] + 1}"
        self._latest[name] = 0
        base, number = _number_of(name)
        if number is not None:
            self._latest[base] = number
        return name

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A module is called."""
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """A module's attribute is asked for."""
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def _number_of(name: str) -> tuple[str, int | None]:
    """A name without the number at its end, and that number."""
    base, _, digits = name.rpartition("_")
    return (base, int(digits)) if base and digits.isdecimal() else (name, None)


def names_of(graph: fx.Graph, qualified: Mapping[fx.Node, str]) -> dict[fx.Node, str]:
    """Every operation's name: module calls under the module's own, where torchvision's tracer errs.

    A second call of one module, and operations without a module, get the next free number.
    """
    called = {str(n.target) for n in graph.nodes if n.op == "call_module"}
    taken: set[str] = set()
    names: dict[fx.Node, str] = {}
    for node, fallback in qualified.items():
        own = str(node.target) if node.op == "call_module" else fallback
        name, number = own, 0
        while name in taken or (name in called and (number or node.op != "call_module")):
            number += 1
            name = f"{own}_{number}"
        taken.add(name)
        names[node] = name
    return names
