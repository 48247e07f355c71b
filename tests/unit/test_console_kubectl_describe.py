"""`kubectl describe`: golden texts, written from kubernetes/kubectl pkg/describe/describe.go."""

from __future__ import annotations

import pytest

from simnet.cluster import Cluster
from simnet.console import Session
from tests.unit.console_net import address, run, shop, web_endpoints


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(shop())


def text(golden: str) -> str:
    return golden.lstrip("\n")


def described(session: Session, what: str) -> str:
    """What `kubectl describe` prints, without blanks at the ends of lines."""
    lines = run(session, f"kubectl describe {what}").stdout.split("\n")
    return "\n".join(line.rstrip() for line in lines)


def test_service(session: Session) -> None:
    assert described(session, "svc web") == text(f"""
Name:                     web
Namespace:                default
Labels:                   <none>
Annotations:              <none>
Selector:                 app=web
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.1.5
IPs:                      10.96.1.5
Port:                     <unset>  80/TCP
TargetPort:               80/TCP
Endpoints:                {web_endpoints(session.cluster)}
Session Affinity:         None
Internal Traffic Policy:  Cluster
Events:                   <none>
""")


def test_node_port_service_without_endpoints() -> None:
    """Since 1.31 the line Endpoints is empty, not <none>, when there is a slice without addresses."""
    session = Session(Cluster(pins={"service/default/np": "10.96.1.6"}))
    session.cluster.apply("""
apiVersion: v1
kind: Service
metadata: {name: np, labels: {tier: front, app: x}, annotations: {note: hello}}
spec: {type: NodePort, selector: {app: nobody, tier: x}, ports: [{name: http, port: 80, targetPort: web, nodePort: 30080,
  appProtocol: http}]}
""")
    assert described(session, "svc np") == text("""
Name:                     np
Namespace:                default
Labels:                   app=x
                          tier=front
Annotations:              note: hello
Selector:                 app=nobody,tier=x
Type:                     NodePort
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.1.6
IPs:                      10.96.1.6
Port:                     http  80/TCP
TargetPort:               web/TCP
AppProtocol:              http
NodePort:                 http  30080/TCP
Endpoints:
Session Affinity:         None
External Traffic Policy:  Cluster
Internal Traffic Policy:  Cluster
Events:                   <none>
""")


def test_ingress() -> None:
    session = Session(shop())
    session.cluster.apply("""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [a.example, b.example], secretName: cert}]
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /gone, pathType: Exact, backend: {service: {name: gone, port: {number: 80}}}}
""")
    shown = described(session, "ingress shop")
    assert shown.partition("Events:")[0] == text(f"""
Name:             shop
Labels:           <none>
Namespace:        default
Address:          203.0.113.1
Ingress Class:    nginx
Default backend:  <default>
TLS:
  cert terminates a.example,b.example
Rules:
  Host        Path  Backends
  ----        ----  --------
  a.example
              /       web:80 ({web_endpoints(session.cluster)})
              /gone   gone:80 (<error: services "gone" not found>)
Annotations:  nginx.ingress.kubernetes.io/rewrite-target: /
""")
    assert "  Type    Reason  Age   From                      Message\n  ----    ------  ----  ----" in shown


def test_pod(session: Session) -> None:
    shown = described(session, "pod client")
    head, _, rest = shown.partition("    Container ID:")
    client = session.cluster.get("pod", "client")
    node = f"{client.node_name}/{session.cluster.get('node', client.node_name).manifest['status']['addresses'][0]['address']}"
    assert head == text(f"""
Name:             client
Namespace:        default
Priority:         0
Service Account:  default
Node:             {node}
Start Time:       Fri, 01 Jan 2027 00:00:00 +0000
Labels:           app=client
Annotations:      <none>
Status:           Running
IP:               {address(session.cluster, "client")}
IPs:
  IP:  {address(session.cluster, "client")}
Containers:
  client:
""")
    middle = rest[rest.index("    Port:"):rest.index("Events:")]
    assert middle == """\
    Port:          <none>
    Host Port:     <none>
    Command:
      sleep
      infinity
    State:          Running
      Started:      Fri, 01 Jan 2027 00:00:00 +0000
    Ready:          True
    Restart Count:  0
    Environment:    <none>
    Mounts:         <none>
Conditions:
  Type                        Status
  PodReadyToStartContainers   True
  Initialized                 True
  Ready                       True
  ContainersReady             True
  PodScheduled                True
Volumes:                      <none>
QoS Class:                    BestEffort
Node-Selectors:               <none>
Tolerations:                  node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                              node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
"""
    assert (f"  Normal  Scheduled  0s    default-scheduler  Successfully assigned default/client to {client.node_name}\n"
            in rest)


def test_endpoints_with_a_pod_that_is_not_ready() -> None:
    session = Session(Cluster())
    session.cluster.apply("""
apiVersion: v1
kind: Endpoints
metadata: {name: db}
subsets:
- addresses: [{ip: 198.51.100.1}]
  notReadyAddresses: [{ip: 198.51.100.2}]
  ports: [{name: sql, port: 5432}, {port: 80, name: web}]
""")
    assert described(session, "ep db") == text("""
Name:         db
Namespace:    default
Labels:       <none>
Annotations:  <none>
Subsets:
  Addresses:          198.51.100.1
  NotReadyAddresses:  198.51.100.2
  Ports:
    Name  Port  Protocol
    ----  ----  --------
    sql   5432  TCP
    web   80    TCP

Events:  <none>
""")


def test_secret(session: Session) -> None:
    run(session, "kubectl create secret generic pass --from-literal=user=me --from-literal=key=secret")
    assert described(session, "secret pass") == text("""
Name:         pass
Namespace:    default
Labels:       <none>
Annotations:  <none>

Type:  Opaque

Data
====
key:   6 bytes
user:  2 bytes
""")


def test_namespace(session: Session) -> None:
    assert described(session, "ns default") == text("""
Name:         default
Labels:       kubernetes.io/metadata.name=default
Annotations:  <none>
Status:       Active

No resource quota.

No LimitRange resource.
""")


def test_node(session: Session) -> None:
    shown = described(session, "node node-1")
    assert shown.startswith("Name:               node-1\nRoles:              <none>\n")
    for line in ("  InternalIP:  172.18.0.2\n", "PodCIDR:                      10.244.0.0/24\n",
                 "  Ready   True    Fri, 01 Jan 2027 00:00:00 +0000   "):
        assert line in shown


def test_deployment(session: Session) -> None:
    shown = described(session, "deploy web")
    assert shown.startswith(text("""
Name:                   web
Namespace:              default
CreationTimestamp:      Fri, 01 Jan 2027 00:00:00 +0000
Labels:                 app=web
Annotations:            deployment.kubernetes.io/revision: 1
Selector:               app=web
Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable
StrategyType:           RollingUpdate
MinReadySeconds:        0
RollingUpdateStrategy:  25% max unavailable, 25% max surge
Pod Template:
  Labels:  app=web
  Containers:
   nginx:
    Image:         nginx:1.25
    Port:          80/TCP
    Host Port:     0/TCP
    Environment:   <none>
    Mounts:        <none>
  Volumes:         <none>
  Node-Selectors:  <none>
  Tolerations:     <none>
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Available      True    MinimumReplicasAvailable
  Progressing    True    NewReplicaSetAvailable
OldReplicaSets:  <none>
NewReplicaSet:   web-"""))


def test_network_policy(session: Session) -> None:
    session.cluster.apply("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {matchLabels: {app: other}}, policyTypes: [Ingress]}
""")
    assert described(session, "netpol deny") == text("""
Name:         deny
Namespace:    default
Created on:   2027-01-01 00:00:00 +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     app=other
  Allowing ingress traffic:
    <none> (Selected pods are isolated for ingress connectivity)
  Not affecting egress traffic
  Policy Types: Ingress
""")


def test_several_are_separated_by_two_empty_lines(session: Session) -> None:
    shown = described(session, "ns default kube-system")
    assert "\n\n\nName:         kube-system\n" in shown


def test_the_beginning_of_a_name_is_enough(session: Session) -> None:
    shown = described(session, "pod web-")
    assert shown.count("Namespace:        default\n") == 2


def test_what_does_not_exist(session: Session) -> None:
    output = session.run("kubectl describe svc nosuch")
    assert (output.stdout, output.stderr, output.status) == (
        "", 'Error from server (NotFound): services "nosuch" not found\n', 1)
    assert session.run("kubectl describe sts").stderr == "No resources found in default namespace.\n"


def test_a_kind_without_a_description_shows_its_fields() -> None:
    session = Session(Cluster())
    session.cluster.apply({"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "one"},
                           "spec": {"sizeLimit": 3, "parts": [{"name": "a"}], "isOn": True}})
    shown = described(session, "gadget one")
    assert shown.startswith("Name:         one\nNamespace:    default\nLabels:       <none>\nAnnotations:  <none>\n"
                            "API Version:  example.com/v1\nKind:         Gadget\n")
    assert "Spec:\n  Is On:  true\n  Parts:\n    Name:      a\n  Size Limit:  3\n" in shown


def test_events_are_one_line_with_their_count() -> None:
    session = Session(Cluster())
    run(session, "kubectl run stuck --image=nginx --overrides='{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}'")
    shown = described(session, "pod stuck")
    assert "Warning  FailedScheduling" in shown
    assert "Reason:" not in shown


@pytest.mark.parametrize(("command", "reason", "code"), [("false", "Error", 1), ("true", "Completed", 0)])
def test_a_container_that_crashes_again_and_again_tells_how_it_ended(command: str, reason: str, code: int) -> None:
    """Source: describe.go describeStatus: the last state follows the state when it has ended."""
    session = Session(Cluster())
    run(session, f"kubectl run boom --image=busybox -- {command}")
    session.cluster.advance(12)
    shown = described(session, "pod boom")
    assert f"""\
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       {reason}
      Exit Code:    {code}
      Started:      Fri, 01 Jan 2027 00:00:10 +0000
      Finished:     Fri, 01 Jan 2027 00:00:10 +0000
    Ready:          False
    Restart Count:  2
""" in shown


def test_tolerations_given_are_not_added_again_and_daemons_tolerate_without_end() -> None:
    """Source: admission DefaultTolerationSeconds; daemonset_util.go AddOrUpdateDaemonPodTolerations."""
    session = Session(Cluster())
    run(session, "kubectl run own --image=nginx --overrides='{\"spec\":{\"tolerations\":[{\"operator\":\"Exists\"}]}}'")
    assert described(session, "pod own").partition("Tolerations:")[2].split("\n")[0].strip() == "op=Exists"
    session.cluster.apply("""
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: d}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}}
""")
    shown = described(session, "pod -l a=b").partition("Tolerations:")[2].partition("Events:")[0]
    assert [line.strip() for line in shown.strip().split("\n")] == [
        f"node.kubernetes.io/{line} op=Exists" for line in (
            "disk-pressure:NoSchedule", "memory-pressure:NoSchedule", "not-ready:NoExecute", "pid-pressure:NoSchedule",
            "unreachable:NoExecute", "unschedulable:NoSchedule")]
