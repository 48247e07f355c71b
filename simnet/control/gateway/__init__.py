"""Gateway API: which listeners stand, which routes attach to them, what references may be followed, and the statuses."""

from typing import Final

CONTROLLER: Final = "simnet.example/gateway"
"""The controllerName of the GatewayClasses that simnet serves."""

NAME_LABEL: Final = "gateway.networking.k8s.io/gateway-name"
CLASS_LABEL: Final = "gateway.networking.k8s.io/gateway-class-name"
PROXY: Final = "gateway"
"""What the image profile of a Gateway's own pods calls itself."""
