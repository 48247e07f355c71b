"""Image profiles: what the process in a container does, as far as the network can tell."""

from simnet.images.answers import NOT_HTTP, status_of
from simnet.images.command import process_of
from simnet.images.given import read_listen
from simnet.images.match import Images
from simnet.images.profile import ImageProfile, Listen, Process

__all__ = ["NOT_HTTP", "ImageProfile", "Images", "Listen", "Process", "process_of", "read_listen", "status_of"]
