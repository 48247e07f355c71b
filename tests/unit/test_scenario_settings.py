"""The settings of a story: what becomes of them, and what is wrong with them, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.errors import ManifestError
from simnet.scenario.reader import parse_story, read_story
from simnet.scenario.settings import Ground, ground_of
from simnet.x509.pair import read_tls_pair

ASSERTS = "\n## Step\n\n```expect\ncount pods = 0\n```\n"


def ground(settings: str, file: str = "a.story.md") -> Ground:
    """The ground of a story with these settings, whose first line is line 3 of its file."""
    return ground_of(parse_story(f"# Title\n```yaml scenario\n{settings}\n```\n{ASSERTS}", file))


def refusal(settings: str) -> str:
    with pytest.raises(ManifestError) as caught:
        ground(settings)
    return str(caught.value)


def test_without_settings_there_is_a_default_cluster() -> None:
    made = ground_of(parse_story(f"# Title\n{ASSERTS}"))
    assert [node.name for node in made.cluster.list("node")] == ["node-1"]
    assert (made.files, dict(made.certificates)) == ({}, {})


def test_the_keys_of_the_format_reach_the_cluster() -> None:
    settings = ground("""\
simnet: 1
seed: 7
now: 2030-05-06T07:08:09Z
assume: any-port
policies: not-enforced
cluster:
  nodes: {node-a: 192.168.10.11, node-b: 192.168.10.12}
  podCIDR: 10.1.0.0/16
  serviceCIDR: 10.2.0.0/16
  dnsIP: 10.2.0.53
  loadBalancerPool: 203.0.113.64/28
  nodePortRange: 31000-31999
  proxyMode: nftables
  addons: {coredns: node-a, ingress: node-b}
  ingress: {shape: hostport, isDefaultClass: true, defaultTLSSecret: kube-system/wildcard}
  dns: {pods: verified}
  proxy: {masqueradeAll: true}""").cluster.settings
    assert [name for name, _ in settings.nodes] == ["node-a", "node-b"]
    assert (settings.seed, settings.now, settings.assume) == (7, "2030-05-06T07:08:09Z", "any-port")
    assert settings.policies == "not-enforced"
    assert [str(each) for each in (*settings.pod_cidrs, *settings.service_cidrs, settings.load_balancer_pool)] == [
        "10.1.0.0/16", "10.2.0.0/16", "203.0.113.64/28"]
    assert settings.kubelet.cluster_dns == ("10.2.0.53",)
    assert settings.node_port_range == (31000, 31999)
    assert (settings.proxy.mode, settings.proxy.masquerade_all) == ("nftables", True)
    assert settings.addons == {"coredns": "node-a", "ingress-nginx": "node-b"}
    [controller] = settings.ingress
    assert (controller.shape, controller.is_default_class, controller.default_tls_secret, controller.node) == (
        "hostport", True, "kube-system/wildcard", "node-b")
    assert settings.dns.pods == "verified"


def test_the_dialect_of_the_ingress_controller_may_be_named() -> None:
    assert ground("simnet: 1\ncluster: {ingress: ingress-nginx}").cluster.settings.ingress[0].profile == "nginx"


def test_images_outside_hosts_and_pins_keep_their_names() -> None:
    cluster = ground("""\
simnet: 1
images:
  shop/web:1: {listen: [{port: 8080, answer: "hi\\n"}]}
outside:
  docs.example.net: {address: 198.51.100.80, listen: [{port: 80, onlyHost: docs.example.net}]}
pins:
  pod/default/web: 10.244.0.77""").cluster
    profile = cluster.settings.images.of("shop/web:1")
    assert profile is not None and profile.listen is not None
    assert [(each.port, each.answer) for each in profile.listen] == [(8080, "hi\n")]
    assert cluster.settings.outside["docs.example.net"].listen[0].only_host == "docs.example.net"
    cluster.apply("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: shop/web:1}]}\n")
    assert cluster.get("pod", "web").manifest["status"]["podIP"] == "10.244.0.77"


def test_certificates_become_files_and_are_trusted() -> None:
    made = ground("simnet: 1\ncerts:\n  shop: {names: [shop.example.com, www.example.com]}")
    assert list(made.files) == ["shop.crt", "shop.key"]
    assert made.certificates["shop"].names == ("shop.example.com", "www.example.com")
    assert read_tls_pair(made.files["shop.crt"], made.files["shop.key"])
    assert made.cluster.settings.trust == (made.certificates["shop"],)


def test_a_certificate_may_have_other_file_names_and_nobodys_trust() -> None:
    made = ground("simnet: 1\ncerts:\n  shop: {names: [a.example], files: [ssl.cert, ssl.key], trusted: false}")
    assert list(made.files) == ["ssl.cert", "ssl.key"]
    assert "-----BEGIN CERTIFICATE-----" in made.files["ssl.cert"]
    assert made.cluster.settings.trust == ()


def test_the_seed_decides_about_the_key() -> None:
    one, again, other = (ground(f"simnet: 1\nseed: {seed}\ncerts: {{shop: {{names: [a.example]}}}}") for seed in (1, 1, 2))
    assert one.files == again.files
    assert one.files["shop.key"] != other.files["shop.key"]


def test_manifests_are_read_beside_the_story(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    path = tmp_path / "a.story.md"
    path.write_text(f"# Title\n```yaml scenario\nsimnet: 1\nmanifests: [web.yaml]\n```\n{ASSERTS}")
    assert ground_of(read_story(path)).cluster.get("configmap", "web").name == "web"


def test_one_manifest_needs_no_list(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
    path = tmp_path / "a.story.md"
    path.write_text(f"# Title\n```yaml scenario\nsimnet: 1\nmanifests: web.yaml\n```\n{ASSERTS}")
    assert ground_of(read_story(path)).cluster.get("configmap", "web").name == "web"


MISSING = [  # manifests, line and column, the end of the message
    ("[wbe.yaml]", "4:13", "wbe.yaml does not exist; did you mean web.yaml?"),
    ("wbe.yaml", "4:1", "wbe.yaml does not exist; did you mean web.yaml?"),
    ("[web.yaml, more/sevrice.yaml]", "4:23", "more/sevrice.yaml does not exist; did you mean more/service.yaml?"),
    ("[none/web.yaml]", "4:13", "none/web.yaml does not exist"),
    ("[7]", "4:13", "7 is no path of a manifest; write [web.yaml], for example"),
    ("{web.yaml: 1}", "4:1", "is no path of a manifest; write [web.yaml], for example"),
]


@pytest.mark.parametrize(("manifests", "place", "message"), MISSING)
def test_a_missing_manifest_is_named_at_its_place(tmp_path: Path, manifests: str, place: str, message: str) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "service.yaml").touch()
    (tmp_path / "web.yaml").touch()
    path = tmp_path / "a.story.md"
    path.write_text(f"# Title\n```yaml scenario\nsimnet: 1\nmanifests: {manifests}\n```\n{ASSERTS}")
    with pytest.raises(ManifestError) as caught:
        ground_of(read_story(path))
    said = str(caught.value)
    assert said.startswith(f"{path}:{place}: ") and said.endswith(message)


REFUSED = [  # settings from line 3 on, line and column, part of the message
    ("simnet: 2", "3:1", "2 is no version; write `simnet: 1`"),
    ("seed: 3", "3:1", "the format's version is missing; write `simnet: 1`"),
    ("simnet: 1\nclutser: {}", "4:1", "'clutser' is no setting; known here are simnet, title, "),
    ("simnet: 1\nclutser: {}", "4:1", "did you mean cluster?"),
    ("simnet: 1\ncluster:\n  podCidr: 10.0.0.0/8", "5:3", "did you mean podCIDR?"),
    ("simnet: 1\ncluster: [1]", "4:1", "[1] is no mapping"),
    ("simnet: 1\ncluster:\n  ingress:\n    shpae: hostport", "6:5", "did you mean shape?"),
    ("simnet: 1\ncluster:\n  ingress:\n  - shpae: hostport", "6:5", "did you mean shape?"),
    ("simnet: 1\ncluster:\n  ingress: traefik", "5:3", "'traefik' is no dialect that is modelled; write ingress-nginx"),
    ("simnet: 1\ncluster:\n  proxy: {mode: ipvs}", "5:3", "'ipvs' is not one of 'iptables', 'nftables'"),
    ("simnet: 1\ncluster:\n  dns: {tll: 5}", "5:9", "did you mean ttl?"),
    ("simnet: 1\ncluster:\n  nodes: many", "5:3", "nodes: 'many' is neither a number of nodes nor a mapping"),
    ("simnet: 1\ncluster:\n  podCIDR: 10.0.0.0/33", "5:3", "pod_cidr: "),
    ("simnet: 1\nassume: all", "4:1", "assume: 'all' is not one of 'nothing', 'any-port'"),
    ("simnet: 1\nimages:\n  web: {listn: [80]}", "4:1", "did you mean listen?"),
    ("simnet: 1\noutside:\n  web: {}", "4:1", "outside[web]: an address is missing"),
    ("simnet: 1\ncerts:\n  shop: {name: [a.example]}", "5:10", "did you mean names?"),
    ("simnet: 1\ncerts:\n  shop: {names: [a.example], files: one}", "5:30", "'one' is not [CERTIFICATE, KEY]"),
    ("simnet: 1\ncerts:\n  shop: {names: [a.example], days: many}", "5:30", "'many' is not a number of days"),
    ("simnet: 1\ncerts:\n  shop: {names: [a.example], notAfter: soon}", "5:30", "soon"),
    ("simnet: 1\npins:\n  pods/default/web: 10.244.0.9", "5:3", "did you mean pod?"),
    ("simnet: 1\npins:\n  service/web: 10.96.0.9", "5:3",
     "'service/web' cannot be pinned; write KIND/NAMESPACE/NAME with one of pod, "),
]


@pytest.mark.parametrize(("settings", "place", "message"),
                         [pytest.param(*row, id=f"{row[0].splitlines()[-1].strip()}: {row[2]}") for row in REFUSED])
def test_a_setting_that_cannot_be_used_is_refused_at_its_place(settings: str, place: str, message: str) -> None:
    said = refusal(settings)
    assert said.startswith(f"a.story.md:{place}: ") and message in said
