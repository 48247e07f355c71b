"""Which Ingress belongs to which controller, and how a controller's command line says so.

Used by whoever writes Ingress status and by the proxy's own tables: one rule, two users.

Source: kubernetes/ingress-nginx internal/ingress/controller/store/store.go GetIngressClass, pkg/flags/flags.go;
kubernetes/website content/en/docs/concepts/services-networking/ingress.md. Rules C-1 to C-3, C-5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from simnet.images import Images
from simnet.names import ObjectKey
from simnet.objects.ingress import Ingress
from simnet.objects.ingressclass import IngressClass
from simnet.objects.pod import Container, Pod

CLASS_ANNOTATION: Final = "kubernetes.io/ingress.class"


class ClassReason(StrEnum):
    """Why an Ingress is, or is not, one controller's."""

    CLASS = "its IngressClass names this controller"
    CLASS_BY_NAME = "its class name is accepted without an object"
    ANNOTATION = "its annotation has this controller's value"
    WITHOUT_CLASS = "it has no class and this controller takes such"
    NO_CLASS = "it has neither class nor annotation"
    UNKNOWN_CLASS = "no IngressClass of that name exists"
    OTHER_CONTROLLER = "its IngressClass names another controller"
    ANNOTATION_MISMATCH = "its annotation has another value"
    OTHER_NAMESPACE = "this controller watches another namespace"


_MINE: Final = frozenset((ClassReason.CLASS, ClassReason.CLASS_BY_NAME, ClassReason.ANNOTATION,
                          ClassReason.WITHOUT_CLASS))


@dataclass(frozen=True, slots=True)
class ClassMatch:
    """The answer, true when the Ingress is the controller's: `reason`, and what it hangs on.

    `name` is the class or annotation value the Ingress asks for, `controller` what the class object names ('' if there
    is none), `wanted` what this controller would have accepted instead.
    """

    reason: ClassReason
    name: str = ""
    controller: str = ""
    wanted: str = ""

    def __bool__(self) -> bool:
        return self.reason in _MINE


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerFlags:
    """What ingress-nginx's command line says; fields are called after the flags, defaults are its own.

    `profile` is how the controller routes: `nginx`, or `spec` for one that keeps to the API documents. `validating_webhook`
    is the address its webhook listens on, '' for none. `not_modelled` lists flags that would change routing and have no
    effect here.
    """

    namespace: str = ""
    controller_class: str = "k8s.io/ingress-nginx"
    ingress_class: str = "nginx"
    ingress_class_by_name: bool = False
    watch_ingress_without_class: bool = False
    watch_namespace: str = ""
    default_backend_service: ObjectKey | None = None
    default_ssl_certificate: ObjectKey | None = None
    publish_service: ObjectKey | None = None
    publish_status_address: tuple[str, ...] = ()
    update_status: bool = True
    report_node_internal_ip_address: bool = False
    configmap: ObjectKey | None = None
    http_port: int = 80
    https_port: int = 443
    annotations_prefix: str = "nginx.ingress.kubernetes.io"
    enable_annotation_validation: bool = True
    disable_svc_external_name: bool = False
    disable_catch_all: bool = False
    deep_inspect: bool = True
    validating_webhook: str = ""
    profile: str = "nginx"
    not_modelled: tuple[str, ...] = ()


def match_class(ingress: Ingress, class_named: Callable[[str], IngressClass | None], flags: ControllerFlags
                ) -> ClassMatch:
    """Whether `ingress` is the controller's that runs with `flags`, and why (rules C-1 to C-3).

    `class_named` looks an IngressClass up. The field counts before the annotation; an annotation counts even when it
    is empty; it never names a class object. Cost: one look-up.
    """
    if flags.watch_namespace and ingress.namespace != flags.watch_namespace:
        return ClassMatch(ClassReason.OTHER_NAMESPACE, ingress.namespace, "", flags.watch_namespace)
    if ingress.ingress_class_name is not None:
        return _by_field(ingress.ingress_class_name, class_named(ingress.ingress_class_name), flags)
    annotation = ingress.annotations.get(CLASS_ANNOTATION)
    if annotation is not None:
        same = annotation == flags.ingress_class
        return ClassMatch(ClassReason.ANNOTATION if same else ClassReason.ANNOTATION_MISMATCH, annotation, "",
                          flags.ingress_class)
    if flags.watch_ingress_without_class:
        return ClassMatch(ClassReason.WITHOUT_CLASS)
    return ClassMatch(ClassReason.NO_CLASS, wanted=flags.ingress_class)


def _by_field(name: str, found: IngressClass | None, flags: ControllerFlags) -> ClassMatch:
    if found is not None and found.controller == flags.controller_class:
        return ClassMatch(ClassReason.CLASS, name, found.controller, flags.controller_class)
    if flags.ingress_class_by_name and name == flags.ingress_class:
        return ClassMatch(ClassReason.CLASS_BY_NAME, name, "", flags.controller_class)
    if found is None:
        return ClassMatch(ClassReason.UNKNOWN_CLASS, name, "", flags.controller_class)
    return ClassMatch(ClassReason.OTHER_CONTROLLER, name, found.controller, flags.controller_class)


# the command line -----------------------------------------------------------------------------------------------

SPEC: Final = "spec"
CONTROLLERS: Final = frozenset(("ingress-nginx", SPEC))
"""What the image profiles of Ingress controllers call themselves."""
"""The profile, and what images of such controllers say they are: only what the API documents promise."""

_TEXT: Final = frozenset(("controller-class", "ingress-class", "watch-namespace", "annotations-prefix",
                          "validating-webhook"))
_KEYS: Final = frozenset(("default-backend-service", "default-ssl-certificate", "publish-service", "configmap"))
_PORTS: Final = frozenset(("http-port", "https-port"))
_SWITCHES: Final = frozenset((
    "ingress-class-by-name", "watch-ingress-without-class", "update-status", "report-node-internal-ip-address",
    "enable-annotation-validation", "disable-svc-external-name", "disable-catch-all", "deep-inspect"))
_ROUTING: Final = frozenset((
    "enable-ssl-passthrough", "tcp-services-configmap", "udp-services-configmap", "watch-namespace-selector",
    "enable-topology-aware-routing"))
"""Flags that change where traffic goes and are not modelled. All other flags of ingress-nginx do not."""


def controller_flags(pod: Pod, images: Images) -> ControllerFlags | None:
    """The flags of the Ingress controller in `pod`, None when no container's image is one. O(containers)."""
    for container in pod.spec.containers:
        profile = images.of(container.image) if container.image else None
        if profile is not None and profile.proxy in CONTROLLERS:
            flags = read_flags(container, pod)
            return replace(flags, profile=SPEC) if profile.proxy == SPEC else flags
    return None


def read_flags(container: Container, pod: Pod) -> ControllerFlags:
    """Flags as `--name=value`, `--name value` or `--name` for a switch; `$(POD_NAMESPACE)` and `$(POD_NAME)` are filled
    in as the kubelet does. A value that cannot be read leaves the default and is listed as not modelled."""
    values: dict[str, object] = {"namespace": pod.namespace}
    unread: list[str] = []
    for name, value in _pairs((*container.command, *container.args), pod):
        if name in _ROUTING:
            unread.append(f"--{name}")
        elif name == "publish-status-address":
            values["publish_status_address"] = tuple(part.strip() for part in value.split(",") if part.strip())
        elif name in _TEXT | _KEYS | _PORTS | _SWITCHES:
            read = _value(name, value)
            if read is None:
                unread.append(f"--{name}={value}")
            else:
                values[name.replace("-", "_")] = read
    return ControllerFlags(**values, not_modelled=tuple(unread))  # type: ignore[arg-type]


def _pairs(words: Iterable[str], pod: Pod) -> list[tuple[str, str]]:
    """(flag, value) of each flag among the words; a switch without a value is `true`."""
    expanded = [word.replace("$(POD_NAMESPACE)", pod.namespace).replace("$(POD_NAME)", pod.name) for word in words]
    found: list[tuple[str, str]] = []
    for index, word in enumerate(expanded):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        follows = expanded[index + 1] if index + 1 < len(expanded) else ""
        if not equals:
            value = follows if name not in _SWITCHES and not follows.startswith("-") else "true"
        found.append((name, value))
    return found


_BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False)}


def go_bool(text: str) -> bool | None:
    """A boolean as Go's strconv.ParseBool reads it; None for anything else (rule X-1)."""
    return _BOOLEANS.get(text)


def object_key(text: str) -> ObjectKey | None:
    """`namespace/name`, None when it is not of that form."""
    namespace, slash, name = text.partition("/")
    return ObjectKey(namespace, name) if slash and namespace and name and "/" not in name else None


def _value(name: str, value: str) -> object:
    """The value of a known flag, None when it cannot be read."""
    if name in _SWITCHES:
        return go_bool(value)
    if name in _PORTS:
        return int(value) if value.isdigit() and 0 < int(value) < 65536 else None
    if name in _KEYS:
        return object_key(value)
    return value
