"""Explaining collects no memory and no hooks: the short form of benchmarks/bench_memory.py."""

import gc
import tracemalloc

from torch import nn

from tests.benchmarks.bench_memory import explain_all, hooks, slope, tiny_networks

_WARM, _RUNS = 100, 100
_MOST = 100 * 1024  # bytes; one kept 8 x 8 run with its graph is some kilobytes, 100 are far more


def test_many_explanations_hold_no_memory_and_leave_no_hook() -> None:
    networks = [opened.by(opened.fast) for opened in tiny_networks()]
    for _ in explain_all(networks, _WARM):
        pass
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        numbers = list(explain_all(networks, _RUNS))
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert numbers == list(range(_RUNS))
    assert after - before < _MOST
    for opened in networks:
        assert not hooks(opened.network)


def test_a_hook_that_stays_is_found() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
    assert hooks(network) == []
    handle = network[1].register_forward_hook(lambda *_: None)
    assert hooks(network) == ["1._forward_hooks"]
    handle.remove()
    assert hooks(network) == []


def test_the_slope_ignores_what_happens_before_things_settle() -> None:
    rising = [(n, 5.0 + 0.002 * n) for n in range(100, 1000, 100)]
    assert round(slope([(0, 900.0), *rising]), 6) == 2.0
    assert slope([(n, 7.0) for n in range(10)]) < 1e-6
