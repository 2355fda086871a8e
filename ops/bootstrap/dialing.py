"""Compose the one way out, within what the operator allows."""

from adapters.http.dialer import HttpDialer
from adapters.http.egress import Egress
from ops.settings import Settings


def open_dialer(settings: Settings) -> HttpDialer:
    """Return the dialer of a process; it is closed by whoever opened it."""
    said = settings.egress
    egress = Egress(
        ports=said.port_numbers,
        allow_hosts=said.hosts("allow"),
        deny_hosts=said.hosts("deny"),
        allow_networks=said.networks("allow"),
        deny_networks=said.networks("deny"),
        ca_file=said.ca_file,
    )
    return HttpDialer(egress)
