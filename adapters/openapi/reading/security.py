"""Read which credentials an API knows, and which of them an operation needs."""

from typing import Any, Literal

from adapters.openapi.model import Need, Scheme, SchemeKind
from adapters.openapi.reading.ground import Ground
from adapters.openapi.references import Unusable, object_of, resolve, text_of, texts_of

_KINDS: dict[str, SchemeKind] = {"openidconnect": "open-id-connect", "mutualtls": "mutual-tls", "basic": "basic"}
# A service has no user who could agree to anything: the flow for services is asked first.
_FLOWS = ("clientCredentials", "application", "authorizationCode", "accessCode", "password", "deviceAuthorization")


def read_needs(ground: Ground, raw: dict[str, Any]) -> tuple[tuple[Need, ...], ...]:
    """Read the alternatives of an operation, its document's where it has none of its own."""
    holder, place = (raw, ground.at("security")) if "security" in raw else (ground.tree, ground)
    written = holder.get("security")
    if not isinstance(written, list):
        return ()
    if not written:
        return ((),)
    return tuple(_alternative(place, each) for each in written if isinstance(each, dict))


def _alternative(ground: Ground, raw: dict[str, Any]) -> tuple[Need, ...]:
    declared = _declared(ground)
    needs = tuple(Need(scheme=name.rpartition("/")[2], scopes=texts_of(raw, name)) for name in raw)
    for need in needs:
        if need.scheme not in declared:
            ground.warn(f"it needs the security scheme {need.scheme[:80]!r}, which the document does not describe")
    return needs


def _declared(ground: Ground) -> dict[str, Any]:
    if ground.swagger:
        return object_of(ground.tree, "securityDefinitions")
    return object_of(object_of(ground.tree, "components"), "securitySchemes")


def read_schemes(ground: Ground) -> tuple[Scheme, ...]:
    """Read all security schemes; one that is not known is left out with a warning."""
    above = ground.at("securityDefinitions") if ground.swagger else ground.at("components", "securitySchemes")
    found = []
    for name, written in _declared(ground).items():
        here = above.at(name)
        try:
            found.append(_scheme(name, resolve(ground.tree, written, here.place)))
        except Unusable as fault:
            here.warn(f"{fault}; calls that need the security scheme {name[:80]!r} cannot be made", fault.place)
    return tuple(found)


def _scheme(name: str, raw: dict[str, Any]) -> Scheme:
    kind = text_of(raw, "type").lower()
    match kind:
        case "apikey":
            return Scheme(name=name, kind="api-key", place=_place(raw), field=text_of(raw, "name"))
        case "http" if text_of(raw, "scheme").lower() == "basic":
            return Scheme(name=name, kind="basic")
        case "http" if text_of(raw, "scheme").lower() == "bearer":
            return Scheme(name=name, kind="bearer")
        case "oauth2":
            return _oauth2(name, raw)
        case _ if kind in _KINDS:
            return Scheme(name=name, kind=_KINDS[kind])
        case _:
            raise Unusable(f"the scheme {(kind + ' ' + text_of(raw, 'scheme')).strip()[:80]!r} is not known")


def _place(raw: dict[str, Any]) -> Literal["header", "query", "cookie"]:
    match text_of(raw, "in"), text_of(raw, "name"):
        case ("header" | "query" | "cookie") as place, name if name:
            return place
        case where, name:
            raise Unusable(f"a key cannot travel in {where[:40]!r} under {name[:80]!r}")


def _oauth2(name: str, raw: dict[str, Any]) -> Scheme:
    # Swagger 2.0 has one flow, whose fields stand beside the type.
    flows = object_of(raw, "flows") or {text_of(raw, "flow"): raw}
    ordered = [object_of(flows, flow) for flow in (*_FLOWS, *flows)]
    token_url = next((url for flow in ordered if (url := text_of(flow, "tokenUrl"))), "")
    scopes = tuple(sorted({scope for flow in ordered for scope in object_of(flow, "scopes")}))
    return Scheme(name=name, kind="oauth2", token_url=token_url, scopes=scopes)
