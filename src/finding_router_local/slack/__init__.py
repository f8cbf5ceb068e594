"""A local Slack: the Web API with its limits and faults, and a page that shows the messages."""

from finding_router_local.slack.api import Statistics
from finding_router_local.slack.app import Answered, App, Delivery
from finding_router_local.slack.faults import Fault, FaultPlan
from finding_router_local.slack.page import render_page
from finding_router_local.slack.server import DEFAULT_TOKEN, SlackServer
from finding_router_local.slack.workspace import (
    ACTION_SCOPES,
    DEFAULT_SCOPES,
    Channel,
    EphemeralMessage,
    PostedMessage,
)

__all__ = [
    "ACTION_SCOPES",
    "DEFAULT_SCOPES",
    "DEFAULT_TOKEN",
    "Answered",
    "App",
    "Channel",
    "Delivery",
    "EphemeralMessage",
    "Fault",
    "FaultPlan",
    "PostedMessage",
    "SlackServer",
    "Statistics",
    "render_page",
]
