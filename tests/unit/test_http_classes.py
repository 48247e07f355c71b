"""Which Ingress is whose, and how a controller's command line is read: rules C-1 to C-3."""

from __future__ import annotations

import pytest

from simnet.control.ingress_class import (
    CLASS_ANNOTATION,
    ClassReason,
    ControllerFlags,
    controller_flags,
    go_bool,
    match_class,
    read_flags,
)
from simnet.images import Images
from simnet.names import ObjectKey
from simnet.objects.ingressclass import IngressClass
from simnet.objects.pod import Container, Pod, PodSpec
from tests.unit.http_net import NGINX, ingress

OTHER = IngressClass(key=ObjectKey("", "other"), controller="example.com/other")
SECOND = IngressClass(key=ObjectKey("", "internal"), controller="k8s.io/ingress-nginx")
CLASSES = {each.name: each for each in (NGINX, OTHER, SECOND)}
STORE = "kubernetes/ingress-nginx internal/ingress/controller/store/store.go GetIngressClass"

# what is asked, class field, class annotation, flags, reason, source
MATCHES = [
    ("the class names this controller", "nginx", None, {}, ClassReason.CLASS, "C-1"),
    ("several classes may", "internal", None, {}, ClassReason.CLASS, "C-1"),
    ("the class names another controller", "other", None, {}, ClassReason.OTHER_CONTROLLER, "C-1"),
    ("no such class", "nginxx", None, {}, ClassReason.UNKNOWN_CLASS, "C-1"),
    ("a name without an object, accepted by name", "edge", None,
     {"ingress_class": "edge", "ingress_class_by_name": True}, ClassReason.CLASS_BY_NAME, "C-1"),
    ("the field counts before the annotation", "other", "nginx", {}, ClassReason.OTHER_CONTROLLER, STORE),
    ("the annotation has the flag's value", None, "nginx", {}, ClassReason.ANNOTATION, "C-2"),
    ("it is not the name of a class object", None, "internal", {}, ClassReason.ANNOTATION_MISMATCH, "C-2"),
    ("an empty annotation is present", None, "", {"watch_ingress_without_class": True},
     ClassReason.ANNOTATION_MISMATCH, "C-2"),
    ("neither", None, None, {}, ClassReason.NO_CLASS, "C-3"),
    ("neither, and the controller takes such", None, None, {"watch_ingress_without_class": True},
     ClassReason.WITHOUT_CLASS, "C-3"),
    ("another namespace is watched", "nginx", None, {"watch_namespace": "team"}, ClassReason.OTHER_NAMESPACE,
     "kubernetes/ingress-nginx docs/user-guide/cli-arguments.md"),
]


@pytest.mark.parametrize(("what", "field", "annotation", "flags", "reason", "source"), MATCHES,
                         ids=[row[0] for row in MATCHES])
def test_match(what: str, field: str | None, annotation: str | None, flags: dict[str, object], reason: ClassReason,
               source: str) -> None:
    asked = ingress("i", of=field, annotations={} if annotation is None else {CLASS_ANNOTATION: annotation})
    match = match_class(asked, CLASSES.get, ControllerFlags(**flags))  # type: ignore[arg-type]
    assert match.reason is reason, source
    assert bool(match) is (reason in (ClassReason.CLASS, ClassReason.CLASS_BY_NAME, ClassReason.ANNOTATION,
                                      ClassReason.WITHOUT_CLASS))


def flags_of(*args: str, command: tuple[str, ...] = ()) -> ControllerFlags:
    pod = Pod(key=ObjectKey("ingress-nginx", "c-1"))
    return read_flags(Container("controller", args=args, command=command), pod)


def test_flags_with_and_without_equals_sign() -> None:
    found = flags_of("/nginx-ingress-controller", "--ingress-class=edge", "--controller-class", "acme.io/edge",
                     "--watch-ingress-without-class", "--http-port=8080", "--https-port", "8443", "--v=2")
    assert found == ControllerFlags(
        namespace="ingress-nginx", ingress_class="edge", controller_class="acme.io/edge",
        watch_ingress_without_class=True, http_port=8080, https_port=8443)


def test_environment_variables_of_the_install_manifests_are_filled_in() -> None:
    found = flags_of("--configmap=$(POD_NAMESPACE)/conf", "--publish-service=$(POD_NAMESPACE)/$(POD_NAME)")
    assert found.configmap == ObjectKey("ingress-nginx", "conf")
    assert found.publish_service == ObjectKey("ingress-nginx", "c-1")


def test_flags_in_the_command_count_like_those_in_the_args() -> None:
    assert flags_of(command=("/ctl", "--default-ssl-certificate=tls/site")).default_ssl_certificate == ("tls", "site")


def test_unusable_and_unmodelled_flags_are_told() -> None:
    found = flags_of("--http-port=web", "--enable-ssl-passthrough", "--election-id=x", "--update-status=false")
    assert found.http_port == 80 and found.update_status is False
    assert found.not_modelled == ("--http-port=web", "--enable-ssl-passthrough")


def test_only_a_pod_with_a_controller_image_is_a_controller() -> None:
    def pod(image: str) -> Pod:
        return Pod(key=ObjectKey("n", "p"), spec=PodSpec(containers=(Container("c", image=image),)))

    assert controller_flags(pod("nginx:1.25"), Images()) is None
    assert controller_flags(pod("registry.k8s.io/ingress-nginx/controller:v1.15.1"), Images()) is not None


@pytest.mark.parametrize(("text", "value"), [(text, True) for text in ("1", "t", "T", "TRUE", "true", "True")]
                         + [(text, False) for text in ("0", "f", "F", "FALSE", "false", "False")]
                         + [(text, None) for text in ("yes", "on", "", "tRue", " true")])
def test_booleans_are_those_of_go(text: str, value: bool | None) -> None:
    assert go_bool(text) is value, "X-1"
