# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Whether somebody but the HPA and KEDA wrote the workload's replicas, as pure functions.

Two signs tell them apart. The API server names the client that wrote the replicas, unless it is old or the name is an
unknown one. And the HPA reports the count that it wrote: a count that it never wanted was not its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from ...autoscaling.hpa_object import HpaTarget
from ...kube.field_managers import SCALE, FieldManager
from ..observed.replicas import ReplicaCounts
from .cause_facts import OtherHpas, OtherWriter
from .outcomes import Outcome, Reason, Verdict

# The programs in which the HPA's controller and KEDA run. The first of each line is that of kubeadm's clusters and of
# KEDA's own chart; k3s, RKE2, MicroK8s and k0s have all controllers in one program.
_CONTROLLERS = (
    *("kube-controller-manager", "k3s", "rke2", "kubelite", "k0s", "hyperkube"),
    *("keda", "keda-operator"),
)
# Programs of people and pipelines that write through the subresource `scale`, too.
_TOOLS = ("kubectl", "oc", "OpenAPI-Generator", "argocd", "k9s", "helm", "curl", "python-requests", "node-fetch")


def other_hpas(rivals: Mapping[str, HpaTarget], sent: bool) -> Verdict | None:
    """Return the verdict that other HPAs scale the same workload, None if there are none.

    :param sent: whether the load has begun
    """
    if not rivals:
        return None
    return Verdict(Outcome.WRONG_CAUSE, Reason.OTHER_WRITER, OtherHpas(tuple(sorted(rivals.items())), sent))


def other_writer(
    history: Sequence[ReplicaCounts],
    now: float,
    *,
    keda: tuple[int, int] | None,
    patience: float,
    after_load: bool = False,
) -> Verdict | None:
    """Return the verdict that somebody else wrote the replicas, None where nothing shows that.

    :param history: the counts at each change, the first being those before any write that counts
    :param now: the present time, in the seconds of the history
    :param keda: the replicas that KEDA itself leaves without any load, and the first ones that it brings; None if it
        leaves all to the HPA
    :param patience: the longest time from a write of the HPA to the status in which it reports it, in seconds
    """
    for index, (before, after) in enumerate(itertools.pairwise(history)):
        if after.spec == before.spec or _is_deleted(before, after):
            continue
        by_keda = keda is not None and (after.spec == keda[0] or (before.spec, after.spec) == keda)
        unwanted = not by_keda and not _is_controller(after.writer) and _is_unwanted(history[index:], now - patience)
        if _is_other(after.writer) or unwanted:
            facts = OtherWriter(before.spec, after.spec, before.desired, after.seconds, after.writer, after_load)
            return Verdict(Outcome.WRONG_CAUSE, Reason.OTHER_WRITER, facts)
    return None


def _is_deleted(before: ReplicaCounts, after: ReplicaCounts) -> bool:
    """Whether the workload is gone, with all its counts at once: a write of 0 leaves its pods for a moment."""
    return before.current > 0 and after.spec == after.current == after.ready == 0


def _is_unwanted(history: Sequence[ReplicaCounts], reported_until: float) -> bool:
    """Whether the HPA never wanted the count that was written between the first and the second entry.

    :param reported_until: what was written by then is in the HPA's status by now
    """
    before, after, *others = history
    same = list(itertools.takewhile(lambda counts: counts.spec == after.spec, others))
    stretch = (before, after, *same)
    if len(same) == len(others) and after.seconds > reported_until:
        return False
    # What arrives late, after a watch was broken, does not show each count that was wanted meanwhile.
    return all(counts.desired != after.spec and counts.earliest is None for counts in stretch)


def _is_controller(writer: FieldManager) -> bool:
    return writer.name in _CONTROLLERS


def _is_other(writer: FieldManager) -> bool:
    """Whether a writer is known to be neither the HPA nor KEDA, which write through the subresource `scale` only."""
    if not writer.name or _is_controller(writer):
        return False
    return writer.subresource != SCALE or writer.name.startswith(_TOOLS)
