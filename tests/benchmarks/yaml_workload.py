"""The text that YAML readers are compared on: ordinary manifests, made up, the same in every run.

A group is six documents: a Namespace with a flow mapping; a Deployment with a comment, quoted and plain values, a flow
list, two environment entries and resources; a NodePort Service; an Ingress with two paths, one of them in flow style;
a NetworkPolicy with a namespaceSelector, an ipBlock with `except` and an empty selector; a ConfigMap with `|`, `>-`
and a doubled apostrophe. No value is read differently by readers of YAML 1.1 and 1.2, so their results can be
compared.
"""

from __future__ import annotations

GROUPS = 50
COPIES = 5

_GROUP = """\
apiVersion: v1
kind: Namespace
metadata:
  name: team-{n}
  labels: {{team: "{n}", stage: prod}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{n}
  namespace: team-{n}
  labels:
    app: web-{n}
    tier: frontend
spec:
  # three copies are enough
  replicas: {replicas}
  selector:
    matchLabels:
      app: web-{n}
  template:
    metadata:
      labels:
        app: web-{n}
        tier: frontend
    spec:
      containers:
      - name: web
        image: registry.example.com/team-{n}/web:1.{n}.2
        args: ["--port", "8080", "--verbose"]
        env:
        - name: MODE
          value: "production"
        - name: PEER
          value: http://peer-{n}.team-{n}.svc:8080/api
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 5
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
          limits:
            cpu: 500m
            memory: 256Mi
---
apiVersion: v1
kind: Service
metadata:
  name: web-{n}
  namespace: team-{n}
spec:
  type: NodePort
  selector:
    app: web-{n}
  ports:
  - name: http
    port: 80
    targetPort: http
    nodePort: {node_port}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web-{n}
  namespace: team-{n}
  annotations:
    nginx.ingress.kubernetes.io/rewrite-target: /
spec:
  ingressClassName: nginx
  rules:
  - host: web-{n}.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web-{n}
            port:
              number: 80
      - {{path: /api, pathType: Exact, backend: {{service: {{name: web-{n}, port: {{name: http}}}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-{n}
  namespace: team-{n}
spec:
  podSelector: {{}}
  policyTypes:
  - Ingress
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          stage: prod
    - ipBlock:
        cidr: 10.{n}.0.0/16
        except:
        - 10.{n}.1.0/24
    ports:
    - port: 8080
      protocol: TCP
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{n}
  namespace: team-{n}
data:
  motd: 'it''s team {n}'
  web.conf: |
    listen 8080
    root /srv/web-{n}
      indented = more
    # not a comment of the manifest
  note: >-
    one long sentence about team {n}
    that goes on here
"""


def manifests(copies: int = COPIES, groups: int = GROUPS) -> str:
    """`copies` times the same `groups` groups, joined by `---`: 1,500 documents, 31,749 lines, 0.56 MB by default."""
    group = [_GROUP.format(n=n, replicas=n % 5 + 1, node_port=30000 + n) for n in range(groups)]
    return "---\n".join(group * copies)
