"""Carry credentials to the socket and no further: read, placed and sent here, and taken out of whatever comes back."""

from collections.abc import Sequence

import msgspec

from adapters.openapi.auth.choosing import Unmet, Use, choose
from adapters.openapi.auth.exchanging import Ask, Exchange
from adapters.openapi.auth.placing import basic, check_secret, placed
from adapters.openapi.auth.redacting import Redactor
from adapters.openapi.model import Operation
from commands.ports import Bindings, Dialer, DialFault, HttpRequest, HttpResponse, Secrets, ToolCall, ToolFault
from domain.catalog.events import Binding
from domain.errors import Invalid, Refused, Unavailable
from domain.session.events import Failure


class NothingBound:
    """Stand in for bindings and secrets where there are none."""

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return nothing."""
        return ()

    def permit(self, reference: str, *, tenant: str) -> None:
        """Permit nothing."""
        raise Invalid("Expected no reference, for no secrets can be read here.")

    async def read(self, reference: str, *, tenant: str) -> str:
        """Read nothing."""
        raise Invalid("Expected no reference, for no secrets can be read here.")


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a credential that was read; ``values`` are what must not come back, ``ask`` the question for its token."""

    use: Use
    value: str
    values: tuple[str, ...]
    ask: Ask | None = None


class Credentials:
    """Give calls their credentials; where nothing is said of bindings there are none."""

    def __init__(self, dialer: Dialer, bindings: Bindings | None = None, secrets: Secrets | None = None) -> None:
        self._dialer = dialer
        self._bindings = bindings or NothingBound()
        self._secrets = secrets or NothingBound()
        self._exchange = Exchange(dialer)

    async def bound(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what the API of a call is bound to now; raises Unavailable."""
        return await self._bindings.of(call.tenant, call.document.api)

    async def send(
        self, request: HttpRequest, call: ToolCall, operation: Operation, credentials: Sequence[Binding]
    ) -> HttpResponse:
        """Send a request with what its operation needs of these credentials; raises ToolFault.

        A token that is not taken is forgotten; only a read is sent again with another.
        """
        held = await self._held(call, operation, credentials)
        response = await self._dial(request, held)
        if response.status != 401 or not any(each.ask for each in held):
            return response
        for each in held:
            if each.ask:
                self._exchange.drop(each.ask, each.value)
        if call.tool.effect_class != "read" or request.method not in ("GET", "HEAD"):
            return response
        return await self._dial(request, await self._held(call, operation, credentials))

    async def _held(self, call: ToolCall, operation: Operation, credentials: Sequence[Binding]) -> tuple[_Held, ...]:
        try:
            uses = choose(operation, call.document, credentials, call.tool.server)
            return tuple([await self._hold(call, use) for use in uses])
        except (Unmet, Refused, Unavailable) as fault:
            # Somebody has to bind it, mend it or wait: the arguments are not to blame, and the call may be tried again.
            raise ToolFault("not-sent", f"Nothing was sent: {fault}") from fault

    async def _hold(self, call: ToolCall, use: Use) -> _Held:
        binding = use.binding
        secret = await self._secrets.read(binding.reference, tenant=call.tenant)
        check_secret(binding, secret)
        if binding.kind == "basic":
            password = secret.partition(":")[2]
            return _Held(use=use, value=secret, values=(secret, basic(secret), *_findable(password)))
        if binding.kind != "client-credentials":
            return _Held(use=use, value=secret, values=(secret,))
        ask = Ask(
            tenant=call.tenant,
            api=call.document.api,
            binding=binding,
            scopes=use.scopes,
            allow_private=call.document.allow_private,
        )
        token = await self._exchange.token(ask, secret)
        return _Held(use=use, value=token, values=(token, secret), ask=ask)

    async def _dial(self, request: HttpRequest, held: Sequence[_Held]) -> HttpResponse:
        redactor = Redactor(value for each in held for value in each.values)
        for each in held:
            request = placed(request, each.use.binding, each.value)
        if not held:
            return await self._unburdened(request)
        failure: Failure
        try:
            return redactor.response(await self._dialer.send(request))
        except DialFault as fault:
            failure, reason = _failure(fault), redactor.fault(str(fault))
        except Exception as fault:
            # A fault of ours may quote all that it was given; and nobody knows what was written before it.
            failure, reason = "unanswered", f"A fault of ours while sending, {type(fault).__name__}."
        # Raised outside of the handler: tracebacks show what a fault came from.
        raise ToolFault(failure, reason)

    async def _unburdened(self, request: HttpRequest) -> HttpResponse:
        try:
            return await self._dialer.send(request)
        except DialFault as fault:
            raise ToolFault(_failure(fault), str(fault)) from fault


def _failure(fault: DialFault) -> Failure:
    return "unanswered" if fault.sent else "rejected" if fault.refused else "not-sent"


def _findable(password: str) -> tuple[str, ...]:
    """Give a password for redaction unless it is a word that may stand anywhere."""
    return (password,) if len(password) >= 8 else ()
