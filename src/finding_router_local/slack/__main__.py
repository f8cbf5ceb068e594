"""Run the local Slack on its own: ``python -m finding_router_local.slack --port 8099``."""

import argparse
import signal
import threading

from finding_router_local.slack.server import DEFAULT_TOKEN, SlackServer


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="finding_router_local.slack", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8099, help="0 for any free one")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot token that is good")
    parser.add_argument("--channel", action="append", default=[], help="a channel; repeatable")
    parser.add_argument("--strict", action="store_true", help="no channels but those named")
    parser.add_argument("--no-pace", action="store_true", help="lift the rate limits")
    options = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with SlackServer(
        host=options.host,
        port=options.port,
        token=options.token,
        channels=options.channel,
        auto_create=not options.strict,
        pace=not options.no_pace,
    ) as slack:
        print(f"Slack API: {slack.base_url}  token: {slack.token}", flush=True)  # noqa: T201
        print(f"Page:      {slack.page_url}", flush=True)  # noqa: T201
        stopping.wait()


if __name__ == "__main__":
    main()
