"""What the client of a Gateway gets: the gateway's own responses, and those of backends after the filters.

Rules G-13, G-20, G-22. Source: kubernetes-sigs/gateway-api apis/v1/httproute_types.go.
"""

from __future__ import annotations

from dataclasses import replace

from simnet.dataplane.gateway.filters import modified, response_headers
from simnet.dataplane.gateway.matching import RouteRouting, cors_of
from simnet.dataplane.http.message import Headers, Response
from simnet.dataplane.http.pages import phrase
from simnet.objects.httproute import BackendRef, HeaderFilter


def gateway_response(status: int, name: str, headers: Headers = ()) -> Response:
    """A response the Gateway NAMESPACE/NAME makes itself; bodies are implementation-specific and say the status."""
    by = f"gateway/{name}"
    if status in (204, 304):
        return Response(status, headers, by=by)
    body = f"{status} {phrase(status)}\n".encode()
    return Response(status, (("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers), body, by=by)


def filtered(routing: RouteRouting, backend: BackendRef | None, response: Response) -> Response:
    """A backend's response on its way to the client: CORS headers, then the response modifiers of rule and backend."""
    if routing.entry is None:
        return response
    headers, cors = response.headers, cors_of(routing.entry)
    if cors is not None:
        added = response_headers(cors, routing.request)
        names = {name.lower() for name, _ in added}
        headers = (*(each for each in headers if each[0].lower() not in names), *added)
    for each in (*routing.entry.rule.filters, *(backend.filters if backend is not None else ())):
        if isinstance(each, HeaderFilter) and each.of_response:
            headers = modified(headers, each)
    return replace(response, headers=headers)
