"""Training on a real Ray cluster of two nodes: the same numbers, also when a node is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from small import small_grid, votes_pool

from suffice.demand.runs._executors import InProcess, load_executor
from suffice.demand.runs._measure import measure
from suffice.demand.runs._store import RunStore
from suffice.demand.schemes._probe import Probe
from suffice.demand.schemes._scheme import Embedded
from suffice.errors import InputError
from suffice.progress import SilentProgress

pytestmark = [
    pytest.mark.ray,
    # Ray leaves sockets to the garbage collector and warns of its own coming defaults.
    pytest.mark.filterwarnings("default"),
]


class Slow(Probe):
    """A probe that waits, so that there is a middle in which a node can be lost, and says where
    it trained."""

    def __init__(self, path: Path):
        self.path = path

    def train(self, pool, model, curve, seeds):
        import ray

        with self.path.open("a") as file:
            file.write(f"{ray.get_runtime_context().get_node_id()} {curve.curve}\n")
        time.sleep(1.0)
        return super().train(pool, model, curve, seeds)


@pytest.fixture(scope="module")
def cluster():
    """A head node and a worker node, as processes of this machine."""
    from ray.cluster_utils import Cluster

    # Workers unpickle schemes of this very file.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield started
    started.shutdown()


def measured(executor, store, scheme):
    """The small grid, measured by an executor."""
    pool, features = votes_pool()
    models = {"made-up": Embedded("made-up", "made-up/1", features)}
    cells, progress = small_grid(pool, seeds=4), SilentProgress()
    return measure(cells, pool, models, scheme, RunStore(store), progress, executor=executor)


def test_two_nodes_one_of_them_killed_give_what_one_process_gives(cluster, tmp_path):
    """Cells are trained on both nodes; those of the node that dies are trained again on the other,
    and every number is the local executor's."""
    local = measured(InProcess(), tmp_path / "local.sqlite", Probe())
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    log = tmp_path / "trained.txt"
    doomed = node.node_id
    killed = False

    class Killing(RunStore):
        """A store that kills a node as soon as a few cells are in it."""

        stored = 0

        def put(self, *args):
            nonlocal killed
            super().put(*args)
            Killing.stored += 1
            if Killing.stored == 4:
                cluster.remove_node(node, allow_graceful=False)
                killed = True

    pool, features = votes_pool()
    models = {"made-up": Embedded("made-up", "made-up/1", features)}
    remote = measure(
        small_grid(pool, seeds=4), pool, models, Slow(log), Killing(tmp_path / "ray.sqlite"),
        SilentProgress(), executor=load_executor(f"ray:{cluster.address}"),
    )  # fmt: skip
    assert killed
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    assert len({where for where, _ in lines}) == 2
    assert any(where == doomed for where, _ in lines)
    # What the dead node had under way, if anything, is trained again: no cell goes without.
    assert len({curve for _, curve in lines}) == len(remote)
    for ours, theirs in zip(remote, local, strict=True):
        np.testing.assert_array_equal(ours.scores, theirs.scores)
        np.testing.assert_array_equal(ours.gold, theirs.gold)


def test_an_error_in_a_cell_reaches_the_caller(cluster, tmp_path):
    """What goes wrong on a node is raised as it would be at home."""

    class Broken(Probe):
        def train(self, pool, model, curve, seeds):
            raise InputError("no such thing as a free label")

    with pytest.raises(InputError, match="free label"):
        measured(load_executor(f"ray:{cluster.address}"), tmp_path / "runs.sqlite", Broken())


def test_no_cluster_at_the_address(tmp_path):
    """An address where nobody answers is one line."""
    with pytest.raises(InputError, match=r"no Ray cluster answers at 127\.0\.0\.1:9"):
        measured(load_executor("ray:127.0.0.1:9"), tmp_path / "runs.sqlite", Probe())


def test_a_cluster_of_this_machine_alone(tmp_path):
    """Without an address Ray is started here and stopped again."""
    import ray

    local = measured(InProcess(), tmp_path / "local.sqlite", Probe())
    remote = measured(load_executor("ray"), tmp_path / "ray.sqlite", Probe())
    assert not ray.is_initialized()
    for ours, theirs in zip(remote, local, strict=True):
        np.testing.assert_array_equal(ours.scores, theirs.scores)
