"""Where moto's server finds the operations."""

from typing import Final

from flask import Flask
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import create_backend_app

from finding_router_local.security_hub.responses import SecurityHubResponse

BATCH_UPDATE_PATH: Final = "/findings/batchupdate"


def create_app() -> Flask:
    """Make moto's application of the service, with our responses behind all of its paths."""
    app = create_backend_app("securityhub")  # type: ignore[arg-type]  # moto's list forgot it
    view = convert_to_flask_response(SecurityHubResponse.dispatch)
    app.view_functions = dict.fromkeys(app.view_functions, view)
    app.add_url_rule(
        BATCH_UPDATE_PATH, endpoint="batch_update_findings", view_func=view, methods=["PATCH"]
    )
    return app
