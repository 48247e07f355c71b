"""Pictures: where boxes stand, what is lit and what is missing, and what a notebook is given."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from simnet.cli.main import main
from simnet.cluster import Cluster
from simnet.explain.svg import LIT, MISSING, PLAIN, Arrow, Box, Picture, draw
from simnet.testing import deployment, ingress, pod, service

SVG = "{http://www.w3.org/2000/svg}"


def shop() -> Cluster:
    cluster = Cluster(nodes=2, seed=3)
    cluster.apply([deployment("web", replicas=3), service("web"), service("lost", selector={"app": "nobody"}), pod("client"),
                   ingress("shop", host="shop.example.com", paths={"/": "web", "/gone": "gone"})])
    return cluster


def boxes(svg: str) -> dict[str, tuple[int, int, int, int, str]]:
    """Left, top, right, bottom and width of the line of each box, by its name."""
    found = {}
    for group in ElementTree.fromstring(svg).findall(f"{SVG}g"):
        title, frame = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None and frame is not None
        x, y, width, height = (int(frame.attrib[name]) for name in ("x", "y", "width", "height"))
        found[str(title.text)] = (x, y, x + width, y + height, frame.attrib["stroke-width"])
    return found


def test_boxes_stand_apart_inside_the_picture_and_hold_their_text() -> None:
    svg = shop()._repr_svg_()
    root, placed = ElementTree.fromstring(svg), boxes(svg)
    for left, top, right, bottom, _ in placed.values():
        assert 0 <= left < right <= int(root.attrib["width"]) and 0 <= top < bottom <= int(root.attrib["height"])
    for one, other in combinations(placed.values(), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    for group in root.findall(f"{SVG}g"):
        frame = group.find(f"{SVG}rect")
        assert frame is not None
        longest = max(len(str(text.text)) for text in group.findall(f"{SVG}text"))
        assert longest * 7 < int(frame.attrib["width"])


def test_the_layers_go_from_the_outside_to_the_pods() -> None:
    placed = boxes(shop()._repr_svg_())
    lefts = [placed[name][0] for name in ("node/node-1", "ingress/default/shop", "service/default/web", "pod/default/client")]
    assert lefts == sorted(set(lefts))
    assert "service/default/kubernetes" not in placed and not any("kube-system" in name for name in placed)


def test_what_is_named_and_not_there_is_dashed() -> None:
    svg = shop()._repr_svg_()
    gone = next(line for line in svg.split("\n") if "<title>service/default/gone" in line)
    assert "stroke-dasharray" in gone
    assert "stroke-dasharray" not in next(line for line in svg.split("\n") if "<title>service/default/web" in line)


def test_the_path_of_a_request_is_lit(capsys: pytest.CaptureFixture[str]) -> None:
    from simnet.explain.hops import hops_of
    from simnet.explain.notebook import cluster_svg

    cluster = shop()
    trace = cluster.trace("http://web/", "pod/client")
    svg = cluster_svg(cluster.list, trace)
    lit = {name for name, box in boxes(svg).items() if box[4] == "3"}
    assert lit == {"pod/default/client"} | {hop for hop in hops_of(trace) if hop.startswith(("service/", "pod/", "node/"))}
    assert len(re.findall(r'marker-end="url\(#head-lit\)"', svg)) == len(lit) - 1
    assert "service/default/web" in lit and "service/default/lost" not in lit


def test_a_controller_of_a_hidden_namespace_is_drawn_when_the_path_meets_it() -> None:
    from simnet.explain.notebook import cluster_svg

    cluster = shop()
    svg = cluster_svg(cluster.list, cluster.trace("http://shop.example.com/", "laptop"))
    lit = [name for name, box in boxes(svg).items() if box[4] == "3"]
    assert "laptop" in lit and "ingress/default/shop" in lit and any(name.startswith("pod/ingress-nginx/") for name in lit)
    assert not any("coredns" in name for name in boxes(svg))


def test_the_same_cluster_gives_the_same_bytes() -> None:
    assert shop()._repr_svg_() == shop()._repr_svg_()


def test_texts_are_escaped() -> None:
    svg = draw(Picture("a <b> & c", (Box("x", 0, ("<&>",)), Box("y", 1, ("y",), style=LIT)), (Arrow("x", "y", "<1>", MISSING),)))
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert texts == ["a <b> & c", "<1>", "<&>", "y"]


def test_an_empty_picture_and_arrows_to_nowhere_are_no_errors() -> None:
    root = ElementTree.fromstring(draw(Picture("nothing", (), (Arrow("a", "b"),))))
    assert root.findall(f"{SVG}g") == [] and int(root.attrib["width"]) > 0


@pytest.mark.parametrize(("style", "says"), [(PLAIN, "stroke-width=\"1\""), (LIT, "stroke-width=\"3\""), (MISSING, "dasharray")])
def test_no_style_is_told_by_its_colour_alone(style: str, says: str) -> None:
    assert says in draw(Picture("", (Box("a", 0, ("a",), style=style),))).split("<g>")[1]


# notebooks ------------------------------------------------------------------------------------------------------

def test_a_trace_is_a_row_and_ends_in_what_went_wrong() -> None:
    cluster = shop()
    svg = cluster.trace("http://lost/", "pod/client")._repr_svg_()
    lines = [group for group in svg.split("\n") if group.startswith("<g>")]
    assert len({box[1] + box[3] for box in boxes(svg).values()}) == 1, "one row"
    assert "pod/client" in lines[0] and "no endpoints" in lines[-1] and "stroke-dasharray" in lines[-1]


def test_outcomes_are_a_row_each_with_its_share() -> None:
    outcomes = shop().outcomes("http://web/", "pod/client")
    svg = outcomes._repr_svg_()
    assert [str(text.text) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")].count("1/3") == 3
    for _, trace in outcomes:
        assert trace.endpoint is not None and trace.endpoint.pod is not None and f"pod/{trace.endpoint.pod.name}" in svg


def test_html_is_the_picture_and_the_words() -> None:
    from simnet.explain import explain

    cluster = shop()
    trace = cluster.trace("http://web/", "pod/client")
    for thing, words in ((trace, explain(trace)), (cluster.outcomes("http://web/", "pod/client"), "1/3"), (cluster, "2 nodes")):
        html = thing._repr_html_()
        root = ElementTree.fromstring(f"<div>{html}</div>")
        assert root.find(f".//{SVG}svg") is not None
        assert words in "".join(root.itertext())


def test_the_command_draws_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "http://203.0.113.1/", "-o", "svg"]) == 0
    assert ElementTree.fromstring(capsys.readouterr().out).find(f"{SVG}title") is not None
    assert main(["graph", "http://203.0.113.1/", "-o", "dot"]) == 2 and "-o svg" in capsys.readouterr().err
    assert main(["graph", "--underlay", "-o", "svg"]) == 2 and "--underlay" in capsys.readouterr().err
    assert main(["graph", "http//x", "-o", "svg"]) == 2 and "has no scheme" in capsys.readouterr().err
