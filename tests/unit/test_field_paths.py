"""Field paths: from steps to the API server's text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnet.errors import Place
from simnet.manifests.paths import at, known, path_of, path_text

SOURCE = "kubernetes/apimachinery pkg/util/validation/field/path_test.go"

TEXTS = [  # path, text, source
    ((), "", SOURCE),
    (("spec", "ports", 0, "port"), "spec.ports[0].port", SOURCE),
    (("metadata", "annotations", "example.com/team"), "metadata.annotations[example.com/team]", SOURCE),
    (("spec", "nodeSelector", "kubernetes.io/os"), "spec.nodeSelector[kubernetes.io/os]", SOURCE),
]


@pytest.mark.parametrize(("path", "text", "source"), TEXTS)
def test_a_path_is_written_as_the_api_server_writes_it(path, text, source):
    assert path_text(path) == text
    assert path_of(text) == path


@given(st.lists(st.one_of(st.integers(0, 99), st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True),
                          st.from_regex(r"[a-z]{1,4}\.[a-z]{1,4}/[a-z]{1,4}", fullmatch=True))))
def test_every_path_comes_back_from_its_text(steps):
    assert path_of(path_text(tuple(steps))) == tuple(steps)


def test_a_value_is_found_at_its_path_and_nothing_beside_it():
    tree = {"spec": {"ports": [{"port": 80}]}}
    assert at(tree, ("spec", "ports", 0, "port")) == 80
    assert at(tree, ("spec", "ports", 1, "port")) is None
    assert at(tree, ("spec", "ports", "x")) is None


def test_a_place_without_file_and_line_says_nothing():
    assert known(Place()) is None
    assert known(Place("web.yaml")) == Place("web.yaml")
