"""A story whose lesson is broken fails, at the line that teaches it, and the report says why.

Each row changes one thing in a story: what was wrong in it is put right, or what was right is made wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simnet.scenario import Report, Scenario, text_of

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

BROKEN = [  # story, what is changed, into what, a line that must fail, words of its report
    ("selector-typo", "selector: {app: wbe}", "selector: {app: web}", "GET http://web/ from pod/client is refused", "200 by"),
    ("selector-typo", '{"app":"web"}', '{"app":"wbe"}', "GET http://web/ from pod/client is 200", "SEL-NOMATCH"),
    ("target-port-mismatch", "targetPort: 8080", "targetPort: 3000", "GET http://api/ from pod/client is refused", "200 by"),
    ("target-port-mismatch", "targetPort: 3000", "targetPort: 3001", "GET http://api/ from pod/client is 200", "PRT-NOLISTEN"),
    ("not-ready", "path: /ready", "path: /", "endpoints web are none", ":80"),
    ("not-ready", "httpGet: {path: /,", "httpGet: {path: /no,", "GET http://web/ from pod/client is 200", "EPT-NOTREADY"),
    ("name-from-another-namespace", "-n shop --command", "-n default --command", "client$", "shop/client"),
    ("name-from-another-namespace", "http://web.shop/ from", "http://web.sohp/ from", "http://web.sohp/", "no-name"),
    ("node-port-against-port", "nodePort: 30080", "nodePort: 30081", "http://192.168.10.11:30080/ from laptop", "refused"),
    ("node-port-against-port", "targetPort: 8080", "targetPort: 80", "http://192.168.10.11:30080/ from laptop", "PRT-NOLISTEN"),
    ("node-port-against-port", '"Local"', '"Cluster"', "http://192.168.10.12:30080/ from laptop is timeout", "200 by"),
    ("readiness-comes-and-goes", "fail readiness pod/web-0\nfail readiness pod/web-1", "fail readiness pod/web-0",
     "GET http://web/ from pod/client is refused", "200 by"),
    ("readiness-comes-and-goes", "replicas: 2", "replicas: 1", "never GET http://web/ from pod/client every 500ms is refused",
     "1 s after the step began"),
    ("readiness-comes-and-goes", "initialDelaySeconds: 20", "initialDelaySeconds: 200", "at +60s GET http://slow/", "EPT-NOTREADY"),
    ("a-network-in-two-halves", "partition node/node-a node/node-b", "partition node/node-a outside",
     "from pod/far is unreachable", "open by"),
    ("exercise-repair-the-shop", "app: shpo", "app: shop", "check", "every line holds before anything is repaired"),
    ("host-header-404", "host: shop.example.com", "host: shop.example.org", "http://shop.example.com/ at", "ING-HOST"),
    ("host-header-404", '"*.example.com"', '"*.example.org"', "http://shop.example.com/ at", "ING-HOST"),
    ("trailing-slash-rewrite", "rewrite-target: /$2", "rewrite-target: /", "/app/style.css at", "200 by"),
    ("trailing-slash-rewrite", "path: /app/(.*)", "path: /app/?(.*)", "http://www.example.com/app at", "200 by"),
    ("tls-secret-missing", "tls shop-tls --cert", "tls shop-tls -n shop --cert", "cert fallback", "200 by"),
    ("tls-secret-missing", "{names: [shop.example.com]}", "{names: [www.example.com]}", "is 200 cert shop", "tls-error"),
    ("path-types-side-by-side", "path: /guide, pathType: Exact", "path: /guides, pathType: Exact",
     "http://docs.example.com/guide at 203.0.113.1 from laptop is 200 by pod/page", "200 by"),
    ("path-types-side-by-side", 'use-regex: "true"', 'use-regex: "false"', "/guide/other at 203.0.113.1 from laptop is 200 by",
     "200 by"),
    ("default-backend", "defaultBackend: {service: {name: sorry", "defaultBackend: {service: {name: web", "is 404 by pod/sorry",
     "200 by"),
    ("canary", "X-Canary\nspec", "X-Canari\nspec", '"X-Canary: always" from laptop is 200 by pod/two', "200 by"),
    ("canary", 'canary-weight: "20"', 'canary-weight: "0"', "spread GET", "pod/one"),
    ("two-ingresses-one-path", "$ sleep 60", "$ sleep 0", "/cart at 203.0.113.1 from laptop is 200 by pod/old", "200 by"),
    ("two-ingresses-one-path", "pathType: Exact", "pathType: Prefix", "/cart at 203.0.113.1 from laptop is 200 by pod/old",
     "200 by"),
    ("ingress-class-missing", "spec:\n  rules", "spec:\n  ingressClassName: nginx\n  rules", "is 404 by default", "200 by"),
    ("ingress-class-missing", '"nginx"}', '"nginy"}', "is 200 by pod/web", "ING-CLASS"),
    ("backend-in-another-namespace", "namespace: edge\nspec:\n  ing", "namespace: shop\nspec:\n  ing",
     "http://shop.example.com/ at 203.0.113.1 from laptop is 503", "200 by"),
    ("backend-in-another-namespace", "externalName: web.shop", "externalName: web.sohp", "is 200 by pod/shop/web", "503"),
    ("external-name", "externalName: docs.example.net", "externalName: dcos.example.net", "GET http://docs/ from", "no-name"),
    ("external-name", "onlyHost: docs.example.net, ", "", "GET http://docs/ from pod/client is 404", "200 by"),
    ("ndots", 'value: "1"', 'value: "5"', "resolve example.com from pod/tuned", "8"),
    ("ndots", "example.com. from", "example.com from", "after 2 queries", "8"),
    ("headless-readiness", "path: /ready", "path: /", "resolve db from pod/client is no-name", "10.244."),
    ("headless-readiness", "  publishNotReadyAddresses: true\n", "", "GET http://db/ from pod/client is 200", "no-name"),
    ("statefulset-names", "serviceName: db", "serviceName: bd", "resolve db-0.db from", "no-name"),
    ("statefulset-names", "clusterIP: None\n  selector: {app: db}", "selector: {app: db}", "resolve db from pod/client is", "10."),
    ("external-name-three-ways", "externalName: pay.example", "externalName: pya.example", "resolve outside from", "no-name"),
    ("external-name-three-ways", "externalName: ghost.default", "externalName: web.default", "resolve nobody from", "10."),
    ("com-namespace", "name: example\n", "name: sample\n", "GET http://example.com/ from", "200"),
    ("com-namespace", "http://example.com./", "http://example.com/", "client$ curl http://example.com/", "nginx"),
    ("alpine-against-debian", "image: alpine:3.20", "image: debian:12", "resolve other from pod/alpine", "8"),
    ("alpine-against-debian", 'value: "1"', 'value: "5"', "resolve web.other from pod/alpine-tuned", "10.96.0.70"),
    ("from-pods-to-tls", "selector: {app: wbe}", "selector: {app: web}", "GET http://web-service/ from pod/client is refused",
     "200 by"),
    ("from-pods-to-tls", "{names: [shop.example.test]}", "{names: [www.example.test]}", "is 200 cert shop", "tls-error"),
    ("as-published", "  - http:\n      paths", "  - host: example.com\n    http:\n      paths",
     "GET http://example123.com/ at", "404"),
    ("as-published", "{names: [example.com],", "{names: [example.org],", "cert example by", "200 by"),
    ("kubernetes-networking-101", 'httpbin --labels="app=web"', 'httpbin --labels="app=wbe"', "endpoints web-service are",
     "none"),
    ("path-types", "pathType: Exact", "pathType: Prefix", "/anything/7 at 203.0.113.1 from laptop is 404", "200 by"),
    ("path-types", '"value": "Prefix"', '"value": "Exact"', "/anything/7 at 203.0.113.1 from laptop is 200", "ING-PATHTYPE"),
    ("eight-queries", 'value: "2"', 'value: "3"', "resolve api.example.com from pod/thrifty", "8 queries"),
    ("whose-address", "nodeName: node-a", "nodeName: node-b", "192.168.10.11:30080/ from laptop is 200 by pod/web seen-as 192.168.10.1",
     "SVC-ETPLOCAL"),
    ("whose-address", '"Local"', '"Cluster"', "http://192.168.10.13:30080/ from laptop is timeout", "200 by"),
    ("names-of-single-pods", "serviceName: store-svc", "serviceName: store", "resolve store-0.store from pod/client is no-name",
     "10.244"),
    ("names-of-single-pods", "path: /joined", "path: /", "resolve store-0.store from pod/client is no-name", "10.244"),
    ("always-the-same-pod", "sessionAffinity: ClientIP", "sessionAffinity: None", "diagnose GET http://web/", "no finding"),
    ("no-addresses-left", "replicas: 260", "replicas: 200", "diagnose cluster says IPM-EXHAUSTED", "no finding"),
    ("shop-with-twelve-mistakes", "app: wbe    ", "app: web    ", "simnet lint shop.yaml doors.yaml rest.yaml", "9 errors, 2 warnings"),
    ("shop-with-twelve-mistakes", "- port: 80\n    targetPort: 9200\n---", "- port: 81\n    targetPort: 9200\n---",
     "simnet lint shop.yaml doors.yaml rest.yaml", "ING-PORT"),
    ("kubernetes-networking-101", "- host: example.com", "- host: example.org", "http://example.com/ at", "ING-HOST"),
    ("kubernetes-networking-101", "isDefaultClass: true", "isDefaultClass: false", "http://example.com/ at", "ING-CLASS"),
    ("kubernetes-networking-101", "nodePort: 32285", "nodePort: 32286", "http://192.168.122.188:32285/", "refused"),
]


RANKED = {  # place in the ranked list of what people struggle with: the story that teaches it
    1: "selector-typo", 2: "target-port-mismatch", 3: "host-header-404", 4: "ingress-class-missing",
    5: "trailing-slash-rewrite", 6: "path-types", 7: "tls-secret-missing", 8: "backend-in-another-namespace", 11: "not-ready",
    12: "node-port-against-port", 14: "name-from-another-namespace", 15: "eight-queries", 16: "whose-address",
    17: "whose-address", 18: "external-name", 19: "names-of-single-pods", 21: "always-the-same-pod", 25: "no-addresses-left"}


def test_the_lessons_of_at_least_fifteen_of_the_ranked_places_are_broken_here() -> None:
    assert len(RANKED) >= 15
    assert set(RANKED.values()) <= {story for story, *_ in BROKEN}


def broken(story: str, old: str, new: str) -> Report:
    path = SCENARIOS / f"{story}.story.md"
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{story} no longer has {old!r}"
    return Scenario.parse(text.replace(old, new), str(path)).run()


def row_name(story: str, old: str, new: str) -> str:
    short = [" ".join(text.split()) or "nothing" for text in (old, new)]
    return f"{story}: {short[0]} -> {short[1]}"


@pytest.mark.parametrize(("story", "old", "new", "line", "words"),
                         [pytest.param(*row, id=row_name(*row[:3])) for row in BROKEN])
def test_the_story_fails_where_its_lesson_is(story: str, old: str, new: str, line: str, words: str) -> None:
    report = broken(story, old, new)
    failed = [failure for failure in report.failures if line in failure.what]
    assert failed, f"{line!r} still holds:\n{text_of([report])}"
    assert any(words in "\n".join(failure.lines()) for failure in failed), text_of([report])
