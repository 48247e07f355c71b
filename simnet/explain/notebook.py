"""What a notebook shows of a cluster, a trace, outcomes: a picture, and the explanation below it.

The data plane may not know its renderers, so the renderer hands its classes what a notebook asks them for; importing this
module does it, and `simnet.cluster` imports it.
Source: IPython, "Integrating your objects with IPython", _repr_svg_ and _repr_html_.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simnet.dataplane.outcomes import Outcomes
from simnet.dataplane.step import Trace
from simnet.explain.graph import DRAWN, is_system, reference_graph
from simnet.explain.pictures import cluster_picture, outcomes_picture, trace_picture
from simnet.explain.svg import draw, page
from simnet.explain.text import outcomes_text, trace_text
from simnet.objects.meta import Object

__all__ = ["cluster_svg", "outcomes_html", "outcomes_svg", "page", "trace_html", "trace_svg"]


def cluster_svg(listed: Callable[[str], Iterable[Object]], trace: Trace | None = None, everything: bool = False) -> str:
    """A cluster as a picture, with the path of a trace in it. `listed` gives the objects of a kind; those of the add-ons'
    namespaces are left out unless `everything`."""
    objects = [each for kind in ("Node", *DRAWN) for each in listed(kind) if everything or not is_system(each)]
    return draw(cluster_picture(objects, reference_graph(each for each in objects if each.kind in DRAWN), trace))


def trace_svg(trace: Trace) -> str:
    """One walk as a picture."""
    return draw(trace_picture(trace))


def trace_html(trace: Trace) -> str:
    """The picture and the numbered steps."""
    return page([trace_svg(trace)], trace_text(trace))


def outcomes_svg(outcomes: Outcomes) -> str:
    """Every possible walk, a row each."""
    return draw(outcomes_picture(outcomes))


def outcomes_html(outcomes: Outcomes) -> str:
    """The picture, and every walk with its share."""
    return page([outcomes_svg(outcomes)], outcomes_text(outcomes))


Trace._repr_svg_, Trace._repr_html_ = trace_svg, trace_html
Outcomes._repr_svg_, Outcomes._repr_html_ = outcomes_svg, outcomes_html
