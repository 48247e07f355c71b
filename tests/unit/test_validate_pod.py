"""Pods and their containers: what the API server refuses."""

from __future__ import annotations

import pytest

from simnet.manifests import validate_update

from .manifest_cases import container, pod, refusals, statements, workload

CORE = "kubernetes/kubernetes pkg/apis/core/validation/validation.go"
FIRST = "spec.containers[0]"


def ports(*given):
    return pod(container(ports=list(given)))


def probe(**fields):
    return pod(container(readinessProbe=fields))


ACCEPTED = [  # sentence, manifest, source
    ("the same container port in two containers (they fail later, when they run)",
     pod(container("a", ports=[{"containerPort": 80}]), container("b", ports=[{"containerPort": 80}])), CORE),
    ("one host port for two protocols", ports({"containerPort": 53, "hostPort": 53},
                                              {"containerPort": 53, "hostPort": 53, "protocol": "UDP"}), CORE),
    ("a sidecar with a probe", pod(initContainers=[container("s", restartPolicy="Always", readinessProbe={
        "tcpSocket": {"port": 1}})]), CORE),
    ("a search list with an underscore and the root", pod(dnsConfig={"searches": ["_tcp.example.com", "."]}),
     "feature RelaxedDNSSearchValidation, beta since 1.33"),
    ("dnsPolicy None with a server", pod(dnsPolicy="None", dnsConfig={"nameservers": ["1.1.1.1"]}), CORE),
    ("a toleration of everything", pod(tolerations=[{"operator": "Exists"}]), CORE),
    ("a probe by port name", probe(httpGet={"port": "http"}), CORE),
    ("a mounted volume", pod(container(volumeMounts=[{"name": "a", "mountPath": "/a"}]), volumes=[{"name": "a"}]), CORE),
    ("a request below its limit, in other units", pod(container(resources={
        "requests": {"cpu": "0.5", "memory": "512Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"}})), CORE),
    ("a variable named with dots, and one from a label", pod(container(env=[
        {"name": "a.b-c", "value": "1"}, {"name": "T", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['tier']"}}}])),
     "feature RelaxedEnvironmentVariableValidation, on since 1.34"),
    ("a volume without a source is an emptyDir", pod(volumes=[{"name": "a"}]), "pkg/apis/core/v1/defaults.go SetDefaults_Volume"),
    ("blanks around an image of a template", workload(template={
        "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container(image=" nginx ")]}}),
     "validateContainersOnlyForPod"),
]


@pytest.mark.parametrize(("sentence", "data", "source"), ACCEPTED)
def test_accepted(sentence, data, source):
    assert statements(data) == []


def secured(**context):
    return pod(container(securityContext=context))


def resized(*given, **spec):
    return pod(container(resizePolicy=[{"resourceName": name, "restartPolicy": policy} for name, policy in given]), **spec)


def claims(*given, uses=()):
    return pod(container(resources={"claims": [{"name": name} for name in uses]}), resourceClaims=list(given))


def sysctls(*names, **spec):
    return pod(securityContext={"sysctls": [{"name": name, "value": "1"} for name in names]}, **spec)


CONTEXT, POD_CONTEXT, CLAIM = f"{FIRST}.securityContext", "spec.securityContext", {"name": "gpu", "resourceClaimName": "c"}
WORDED = [  # sentence, manifest, what is said, source
    ("a user beyond 31 bits", secured(runAsUser=2**31),
     [f"{CONTEXT}.runAsUser: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive"], "IsValidUserID"),
    ("a group below zero", pod(securityContext={"supplementalGroups": [5, -1]}),
     [f"{POD_CONTEXT}.supplementalGroups[1]: Invalid value: -1: must be between 0 and 2147483647, inclusive"],
     "validatePodSpecSecurityContext"),
    ("a local profile without a path", secured(seccompProfile={"type": "Localhost"}),
     [f"{CONTEXT}.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost"],
     "validateSeccompProfileField"),
    ("a profile out of its directory", secured(seccompProfile={"type": "Localhost", "localhostProfile": "../a"}),
     [f"{CONTEXT}.seccompProfile.localhostProfile: Invalid value: \"../a\": must not contain '..'"], "validateSeccompProfileField"),
    ("a profile with a path it does not need", pod(securityContext={"appArmorProfile": {
        "type": "Unconfined", "localhostProfile": "a"}}),
     [f'{POD_CONTEXT}.appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost'],
     "ValidateAppArmorProfileField"),
    ("a profile of no known type", secured(appArmorProfile={"type": "Local"}),
     [f'{CONTEXT}.appArmorProfile.type: Unsupported value: "Local": supported values: "Localhost", "RuntimeDefault", '
      '"Unconfined"; did you mean Localhost?'], "ValidateAppArmorProfileField"),
    ("the host's processes, shared", pod(hostPID=True, shareProcessNamespace=True),
     ["spec.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled"],
     "validatePodSpecSecurityContext"),
    ("a kernel setting twice", sysctls("net.core.somaxconn", "net.core.somaxconn"),
     [f'{POD_CONTEXT}.sysctls[1].name: Duplicate value: "net.core.somaxconn"'], "validateSysctls"),
    ("a kernel setting of the host's network", sysctls("net.ipv4.ip_forward", hostNetwork=True),
     [f'{POD_CONTEXT}.sysctls[0].name: Invalid value: "net.ipv4.ip_forward": may not be specified when \'hostNetwork\' is true'],
     "ValidateHostSysctl"),
    ("the host's users with an unmasked /proc", secured(procMount="Unmasked"),
     [f'{CONTEXT}.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`'], "ValidateSecurityContext"),
    ("own users and the host's network", pod(hostUsers=False, hostNetwork=True),
     ["spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false"], "validateHostUsers"),
    ("own users and the host's processes", pod(hostUsers=False, hostPID=True),
     ["spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false"], "validateHostUsers"),
    ("a resize of what cannot be resized", resized(("disk", "NotRequired")),
     [f'{FIRST}.resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"'], "validateResizePolicy"),
    ("one resource resized in two ways", resized(("cpu", "NotRequired"), ("cpu", "RestartContainer")),
     [f'{FIRST}.resizePolicy[1]: Duplicate value: "cpu"'], "validateResizePolicy"),
    ("a restart of what never restarts", resized(("cpu", "RestartContainer"), restartPolicy="Never"),
     [f'{FIRST}.resizePolicy: Invalid value: "RestartContainer": must be \'NotRequired\' when `restartPolicy` is \'Never\''],
     "validateResizePolicy"),
    ("a claim of nothing", claims({"name": "gpu"}),
     ['spec.resourceClaims[0]: Invalid value: {"name":"gpu"}: must specify one of: `resourceClaimName`, '
      "`resourceClaimTemplateName`"], "validatePodResourceClaim"),
    ("a claim that the pod does not have", claims(CLAIM, uses=["gpus"]),
     [f'{FIRST}.resources.claims[0]: Not found: "gpus"; did you mean gpu?'],
     "validateResourceClaimNames"),
    ("a claim used twice", claims(CLAIM, uses=["gpu", "gpu"]), [f'{FIRST}.resources.claims[1]: Duplicate value: "gpu"'],
     "validateResourceClaimNames"),
]
PRIVILEGED = [  # sentence, securityContext of a container, what is said
    ("more privileges, and none", {"privileged": True, "allowPrivilegeEscalation": False},
     "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
    ("one capability that is all of them", {"capabilities": {"add": ["CAP_SYS_ADMIN"]}, "allowPrivilegeEscalation": False},
     "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"),
]


@pytest.mark.parametrize(("sentence", "data", "said", "source"), WORDED)
def test_refused_in_these_words(sentence, data, said, source):
    assert statements(data) == said


@pytest.mark.parametrize(("sentence", "context", "said"), PRIVILEGED)
def test_privileges_that_contradict_each_other(sentence, context, said):
    assert [(each.partition(": ")[0], each.rpartition(": ")[2]) for each in statements(secured(**context))] == [(CONTEXT, said)]


def test_what_hardened_pods_say_is_accepted():
    hardened = {"runAsNonRoot": True, "runAsUser": 65534, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}
    assert statements(pod(
        container(securityContext=hardened, resources={"claims": [{"name": "gpu"}]},
                  resizePolicy=[{"resourceName": "cpu", "restartPolicy": "NotRequired"}]),
        resourceClaims=[CLAIM], hostUsers=False,
        securityContext={"fsGroup": 2000, "fsGroupChangePolicy": "OnRootMismatch", "supplementalGroupsPolicy": "Strict",
                         "seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/a.json"},
                         "sysctls": [{"name": "net/ipv4/ip_forward", "value": "1"}]})) == []


def volume(**source):
    return pod(volumes=[{"name": "a", **source}])


def spread(**fields):
    return pod(topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **fields}])


def variable(**fields):
    return pod(container(env=[{"name": "A", **fields}]))


VOLUME, ENV, SPREAD = "spec.volumes[0]", f"{FIRST}.env[0]", "spec.topologySpreadConstraints[0]"
AFFINITY = "spec.affinity"
NEEDED = "requiredDuringSchedulingIgnoredDuringExecution"
FURTHER = [  # sentence, manifest, [(field, type)], source
    ("a request above its limit", pod(container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}})),
     [(f"{FIRST}.resources.requests", "Invalid")], "ValidateContainerResourceRequirements"),
    ("a resource of no known name", pod(container(resources={"limits": {"gpu": 1}})),
     [(f"{FIRST}.resources.limits.gpu", "Invalid"), (f"{FIRST}.resources.requests.gpu", "Invalid")], "validateContainerResourceName"),
    ("less than nothing", pod(container(resources={"requests": {"memory": "-1Gi"}})),
     [(f"{FIRST}.resources.requests.memory", "Invalid")], "ValidateResourceQuantityValue"),
    ("a device without a limit", pod(container(resources={"requests": {"example.com/gpu": 1}})),
     [(f"{FIRST}.resources.limits", "Required")], "ValidateContainerResourceRequirements"),
    ("half a device", pod(container(resources={"limits": {"example.com/gpu": "500m"}, "requests": {"example.com/gpu": "500m"}})),
     [(f"{FIRST}.resources.limits[example.com/gpu]", "Invalid"), (f"{FIRST}.resources.requests[example.com/gpu]", "Invalid")],
     "ValidateResourceQuantityValue"),
    ("a volume of two kinds", volume(emptyDir={}, configMap={"name": "c"}), [(f"{VOLUME}.configMap", "Forbidden")],
     "validateVolumeSource"),
    ("a volume of a ConfigMap without a name", volume(configMap={}), [(f"{VOLUME}.configMap.name", "Required")],
     "validateConfigMapVolumeSource"),
    ("a volume of a Secret without a name", volume(secret={}), [(f"{VOLUME}.secret.secretName", "Required")],
     "validateSecretVolumeSource"),
    ("a mode beyond 0777", volume(secret={"secretName": "s", "defaultMode": 512}), [(f"{VOLUME}.secret.defaultMode", "Invalid")],
     "validateSecretVolumeSource"),
    ("a file out of the volume", volume(configMap={"name": "c", "items": [{"key": "k", "path": "a/../b"}]}),
     [(f"{VOLUME}.configMap.items[0].path", "Invalid")], "ValidateLocalNonReservedPath"),
    ("a host path of no known type", volume(hostPath={"path": "/a", "type": "Dir"}), [(f"{VOLUME}.hostPath.type", "NotSupported")],
     "validateHostPathType"),
    ("a mount out of the volume", pod(container(volumeMounts=[{"name": "a", "mountPath": "/a", "subPath": "../b"}]),
                                      volumes=[{"name": "a"}]),
     [(f"{FIRST}.volumeMounts[0].subPath", "Invalid")], "ValidateVolumeMounts"),
    ("a variable with an equals sign", variable(name="A=B"), [(f"{ENV}.name", "Invalid")], "IsRelaxedEnvVarName"),
    ("a variable from a field pods do not give out", variable(valueFrom={"fieldRef": {"fieldPath": "spec.hostname"}}),
     [(f"{ENV}.valueFrom.fieldRef.fieldPath", "NotSupported")], "validateObjectFieldSelector"),
    ("a variable from a key without a name", variable(valueFrom={"secretKeyRef": {"name": "s"}}),
     [(f"{ENV}.valueFrom.secretKeyRef.key", "Required")], "validateSecretKeySelector"),
    ("variables from nowhere", pod(container(envFrom=[{"prefix": "A"}])), [(f"{FIRST}.envFrom[0]", "Invalid")], "ValidateEnvFrom"),
    ("a grace period for a readiness probe", probe(tcpSocket={"port": 80}, terminationGracePeriodSeconds=5),
     [(f"{FIRST}.readinessProbe.terminationGracePeriodSeconds", "Invalid")], "validateReadinessProbe"),
    ("a header name with a blank", probe(httpGet={"port": 80, "httpHeaders": [{"name": "a b", "value": "c"}]}),
     [(f"{FIRST}.readinessProbe.httpGet.httpHeaders", "Invalid")], "validateHTTPGetAction"),
    ("an init container that restarts on failure", pod(initContainers=[container("i", restartPolicy="OnFailure")]),
     [("spec.initContainers[0].restartPolicy", "NotSupported")], "validateInitContainerRestartPolicy"),
    ("blanks around an image", pod(container(image=" nginx ")), [(f"{FIRST}.image", "Invalid")], "validateContainersOnlyForPod"),
    ("no skew at all", spread(maxSkew=0), [(f"{SPREAD}.maxSkew", "Invalid")], "validateTopologySpreadConstraints"),
    ("spread over nothing", spread(topologyKey=""), [(f"{SPREAD}.topologyKey", "Required")], "validateTopologySpreadConstraints"),
    ("node affinity without a term", pod(affinity={"nodeAffinity": {NEEDED: {"nodeSelectorTerms": []}}}),
     [(f"{AFFINITY}.nodeAffinity.{NEEDED}.nodeSelectorTerms", "Required")], "ValidateNodeSelector"),
    ("a node expression of no known operator", pod(affinity={"nodeAffinity": {NEEDED: {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "a", "operator": "Is", "values": ["b"]}]}]}}}),
     [(f"{AFFINITY}.nodeAffinity.{NEEDED}.nodeSelectorTerms[0].matchExpressions[0].operator", "Invalid")],
     "ValidateNodeSelectorRequirement"),
    ("pod affinity over nothing", pod(affinity={"podAntiAffinity": {NEEDED: [{"labelSelector": {}}]}}),
     [(f"{AFFINITY}.podAntiAffinity.{NEEDED}[0].topologyKey", "Required"),
      (f"{AFFINITY}.podAntiAffinity.{NEEDED}[0].topologyKey", "Invalid")], "validatePodAffinityTerm"),
    ("a weight of nothing", pod(affinity={"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 0, "preference": {}}]}}),
     [(f"{AFFINITY}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight", "Invalid")],
     "ValidatePreferredSchedulingTerms"),
    ("a gate twice", pod(schedulingGates=[{"name": "a"}, {"name": "a"}]), [("spec.schedulingGates[1]", "Duplicate")],
     "validateSchedulingGates"),
    ("ephemeral containers from the start", pod(ephemeralContainers=[container("e")]),
     [("spec.ephemeralContainers", "Forbidden")], "ValidatePodCreate"),
    ("an owner without a uid", pod() | {"metadata": {"name": "web", "ownerReferences": [
        {"apiVersion": "v1", "kind": "Node", "name": "a"}]}}, [("metadata.ownerReferences[0].uid", "Invalid")],
     "apimachinery pkg/api/validation/objectmeta.go"),
    ("a finalizer that is no name", pod() | {"metadata": {"name": "web", "finalizers": ["a b"]}},
     [("metadata.finalizers", "Invalid")], "apimachinery pkg/api/validation/objectmeta.go"),
]
REFUSED = [  # sentence, manifest, [(field, type)], source
    ("no containers", pod() | {"spec": {}}, [("spec.containers", "Required")], "validateContainers"),
    ("a container without a name", pod({"image": "a"}), [(f"{FIRST}.name", "Required")], "validateContainerCommon"),
    ("a container without an image", pod({"name": "a"}), [(f"{FIRST}.image", "Required")], "validateContainerCommon"),
    ("a container name twice", pod(container(), container()), [("spec.containers[1].name", "Duplicate")],
     "validateContainers"),
    ("an init container named as a container", pod(initContainers=[container()]),
     [("spec.initContainers[0].name", "Duplicate")], "validateInitContainers"),
    ("a port without a number", ports({"name": "http"}), [(f"{FIRST}.ports[0].containerPort", "Required")],
     "validateContainerPorts"),
    ("a port above the range", ports({"containerPort": 65536}), [(f"{FIRST}.ports[0].containerPort", "Invalid")],
     "validateContainerPorts"),
    ("a port name twice", ports({"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}),
     [(f"{FIRST}.ports[1].name", "Duplicate")], "validateContainerPorts"),
    ("a port name of more than 15 characters", ports({"containerPort": 80, "name": "sixteen-letters-"}),
     [(f"{FIRST}.ports[0].name", "Invalid")], "IsValidPortName"),
    ("a host port twice", ports({"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}),
     [(f"{FIRST}.ports[1].hostPort", "Duplicate")], "AccumulateUniqueHostPorts"),
    ("another host port on the host network", pod(
        container(ports=[{"containerPort": 80, "hostPort": 8080}]), hostNetwork=True),
     [(f"{FIRST}.ports[0].hostPort", "Invalid")], "validatePodHostNetworkDeps"),
    ("a probe without a handler", probe(periodSeconds=5), [(f"{FIRST}.readinessProbe", "Required")], "validateHandler"),
    ("a probe with two handlers", probe(httpGet={"port": 80}, tcpSocket={"port": 80}),
     [(f"{FIRST}.readinessProbe.tcpSocket", "Forbidden")], "validateHandler"),
    ("a probe without a port", probe(tcpSocket={}), [(f"{FIRST}.readinessProbe.tcpSocket.port", "Invalid")],
     "ValidatePortNumOrName"),
    ("a negative delay", probe(tcpSocket={"port": 80}, initialDelaySeconds=-1),
     [(f"{FIRST}.readinessProbe.initialDelaySeconds", "Invalid")], "validateProbe"),
    ("a liveness probe that must succeed twice", pod(container(livenessProbe={
        "tcpSocket": {"port": 80}, "successThreshold": 2})), [(f"{FIRST}.livenessProbe.successThreshold", "Invalid")],
     "validateLivenessProbe"),
    ("a probe on an init container that ends", pod(initContainers=[container("i", readinessProbe={
        "tcpSocket": {"port": 80}})]), [("spec.initContainers[0].readinessProbe", "Forbidden")], "validateInitContainers"),
    ("a restart policy on an ordinary container", pod(container(restartPolicy="Always")),
     [(f"{FIRST}.restartPolicy", "Forbidden")], "validateContainers"),
    ("a variable without a name", pod(container(env=[{"value": "1"}])), [(f"{FIRST}.env[0].name", "Required")],
     "ValidateEnv"),
    ("a variable with a value and a source", pod(container(env=[
        {"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])),
     [(f"{FIRST}.env[0].valueFrom", "Invalid")], "validateEnvVarValueFrom"),
    ("a mount of no volume", pod(container(volumeMounts=[{"name": "a", "mountPath": "/a"}])),
     [(f"{FIRST}.volumeMounts[0].name", "NotFound")], "ValidateVolumeMounts"),
    ("two mounts at one place", pod(container(volumeMounts=[
        {"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/a"}]), volumes=[{"name": "a"}]),
     [(f"{FIRST}.volumeMounts[1].mountPath", "Invalid")], "ValidateVolumeMounts"),
    ("a volume twice", pod(volumes=[{"name": "a"}, {"name": "a"}]), [("spec.volumes[1].name", "Duplicate")],
     "ValidateVolumes"),
    ("dnsPolicy None without dnsConfig", pod(dnsPolicy="None"), [("spec.dnsConfig", "Required")], "validatePodDNSConfig"),
    ("dnsPolicy None without a server", pod(dnsPolicy="None", dnsConfig={"searches": ["a"]}),
     [("spec.dnsConfig.nameservers", "Required")], "validatePodDNSConfig"),
    ("four servers", pod(dnsConfig={"nameservers": [f"1.1.1.{i}" for i in range(4)]}),
     [("spec.dnsConfig.nameservers", "Invalid")], "validatePodDNSConfig"),
    ("33 search domains", pod(dnsConfig={"searches": ["a"] * 33}), [("spec.dnsConfig.searches", "Invalid")],
     "validatePodDNSConfig"),
    ("a host alias that is no address", pod(hostAliases=[{"ip": "web", "hostnames": ["a"]}]),
     [("spec.hostAliases[0].ip", "Invalid")], "ValidateHostAliases"),
    ("a host name with a dot", pod(hostname="a.b"), [("spec.hostname", "Invalid")], "ValidatePodSpec"),
    ("a toleration with a value for Exists", pod(tolerations=[{"key": "a", "operator": "Exists", "value": "b"}]),
     [("spec.tolerations[0].operator", "Invalid")], "ValidateTolerations"),
    ("a toleration of no key", pod(tolerations=[{"operator": "Equal"}]), [("spec.tolerations[0].operator", "Invalid")],
     "ValidateTolerations"),
    ("a toleration for a time but without NoExecute", pod(tolerations=[{"key": "a", "tolerationSeconds": 5}]),
     [("spec.tolerations[0].effect", "Invalid")], "ValidateTolerations"),
    ("a node selector that is no label", pod(nodeSelector={"a b": "c"}), [("spec.nodeSelector", "Invalid")],
     "ValidatePodSpec"),
    *FURTHER,
    ("a deadline of nothing", pod(activeDeadlineSeconds=0), [("spec.activeDeadlineSeconds", "Invalid")],
     "ValidatePodSpec"),
]


@pytest.mark.parametrize(("sentence", "data", "expected", "source"), REFUSED)
def test_refused(sentence, data, expected, source):
    assert refusals(data) == expected


def test_the_duplicate_host_port_is_named_as_the_api_server_names_it():
    """Source: AccumulateUniqueHostPorts joins protocol, address and port."""
    given = ports({"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80})
    assert statements(given) == [f'{FIRST}.ports[1].hostPort: Duplicate value: "TCP//80"']


CHANGES = [  # sentence, new pod, [(field, type)]
    ("an image may change", pod(container(image="nginx:2")), []),
    ("a port may not", pod(container(ports=[{"containerPort": 80}])), [("spec", "Forbidden")]),
    ("the node may not", pod(nodeName="node-2"), [("spec", "Forbidden")]),
    ("a container may not be added", pod(container(), container("b")), [("spec.containers", "Forbidden")]),
    ("labels may", pod() | {"metadata": {"name": "web", "labels": {"a": "b"}}}, []),
]


@pytest.mark.parametrize(("sentence", "new", "expected"), CHANGES)
def test_what_may_change_of_a_pod(sentence, new, expected):
    """Source: ValidatePodUpdate."""
    assert [(problem.field, problem.type) for problem in validate_update(pod(), new)] == expected
