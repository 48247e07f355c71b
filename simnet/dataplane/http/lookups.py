"""What the HTTP tables may ask of the view they belong to. `View` has all of it; nothing here imports the view."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from simnet.names import ObjectKey
from simnet.objects.configmap import ConfigMap
from simnet.objects.endpointslice import EndpointSlice
from simnet.objects.secret import Secret
from simnet.objects.service import Service
from simnet.settings import Settings
from simnet.store.work import Work


class Lookups(Protocol):
    """Look-ups by key, each O(1)."""

    settings: Settings
    work: Work

    def service(self, key: ObjectKey) -> Service | None: ...

    def secret(self, key: ObjectKey) -> Secret | None: ...

    def configmap(self, key: ObjectKey) -> ConfigMap | None: ...

    def slices(self, service: ObjectKey) -> Collection[EndpointSlice]: ...
