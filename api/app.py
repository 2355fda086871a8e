"""Put the edge together: routes, the door, problems, and the document that describes them."""

from functools import cache

from litestar import Litestar, post
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from api.auth import Doorkeeper
from api.docs.pages import DOCS
from api.explorer import page
from api.graphql import over_http, over_websocket
from api.live.websocket import stream_session
from api.openapi import CONFIG, document
from api.parameters import check_parameters, parameters_of
from api.problems import problem
from api.reads import read_of
from api.rest import (
    agents,
    approvals,
    bindings,
    blobs,
    budgets,
    dead_letters,
    dry_run,
    history,
    memory,
    metrics,
    orchestrate,
    policies,
    prices,
    projections,
    registering,
    remembering,
    revisions,
    schemas,
    sessions,
    standing_approvals,
    steering,
    system,
    tools,
)
from api.services import Services
from api.writes import write_of
from commands.files import MOST_BYTES


def build(services: Services) -> Litestar:
    """Return the application that serves requests with these services."""
    app = _app(services, None)
    app.state.parameters = parameters_of(app)
    # Described, when somebody asks, by a twin that is never served: Litestar's own pages load code from elsewhere.
    app.state.openapi = cache(lambda: document(_app(services, CONFIG)))
    return app


def _app(services: Services, openapi: OpenAPIConfig | None) -> Litestar:
    return Litestar(
        route_handlers=[
            orchestrate.start,
            sessions.list_all,
            sessions.show,
            history.read_events,
            history.read_state,
            stream_session,
            steering.cancel,
            steering.pause,
            steering.resume,
            steering.replay_session,
            remembering.add,
            remembering.remove,
            memory.search,
            memory.show,
            agents.add_agent,
            agents.change_agent,
            agents.list_agent_revisions,
            agents.list_agents,
            agents.show_agent,
            # A document is larger than anything else that comes in.
            post(
                "/tools",
                opt={"body": registering.DocumentInput, "example": registering.EXAMPLE},
                tags=["tools"],
                request_max_body_size=services.max_document,
            )(registering.add_tools),
            post(
                "/documents/check",
                status_code=200,
                opt={"body": registering.CheckInput, "example": registering.CHECK_EXAMPLE},
                tags=["tools"],
                request_max_body_size=services.max_document,
            )(registering.check_tools),
            # A file is larger than what else comes in, and a third larger in base64.
            post(
                "/blobs",
                opt={"body": blobs.BlobInput, "example": blobs.EXAMPLE},
                tags=["tools"],
                request_max_body_size=MOST_BYTES * 3 // 2,
            )(blobs.add_blob),
            blobs.show_blob,
            tools.list_tools,
            tools.show_tool,
            tools.change_tool,
            dry_run.rehearse,
            revisions.list_all,
            revisions.show_drift,
            revisions.activate_one,
            revisions.quarantine,
            revisions.lift,
            bindings.list_bindings,
            bindings.bind,
            bindings.unbind,
            policies.add_policy_set,
            policies.activate,
            policies.list_policies,
            policies.show_policy_set,
            policies.backtest,
            prices.add_prices,
            prices.activate,
            prices.list_all,
            prices.show,
            standing_approvals.add,
            standing_approvals.list_standing,
            standing_approvals.revoke,
            budgets.set_budget,
            budgets.list_all,
            budgets.show,
            budgets.show_session_budget,
            approvals.list_all,
            approvals.show,
            approvals.decide,
            dead_letters.list_all,
            dead_letters.show,
            dead_letters.replay,
            dead_letters.discard,
            projections.list_all,
            projections.rebuild,
            projections.pause,
            projections.resume,
            projections.abort,
            over_http.query,
            over_http.execute,
            over_websocket.converse,
            system.healthz,
            system.readyz,
            metrics.metrics,
            system.openapi_json,
            schemas.list_schemas,
            schemas.show_schema,
            *DOCS,
            page.home,
            page.explorer,
            page.explorer_file,
        ],
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "watched": Provide(lambda: services.watched, sync_to_thread=False),
            "read": Provide(read_of),
            "write": Provide(write_of, sync_to_thread=False),
        },
        middleware=[Doorkeeper(services)],
        before_request=check_parameters,
        exception_handlers={Exception: problem},
        request_max_body_size=services.max_body,
        openapi_config=openapi,
        logging_config=None,
    )
