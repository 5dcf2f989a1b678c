"""Guards of the connection that listens: without each, the test that is named with it fails."""

from __future__ import annotations

from tests.twins.twin import Twin

SHARED = "tests/integration/postgresql_log/test_shared_listener.py::"
LISTENER = "wakeups/listener.py"

TWINS = (
    Twin(
        "all wake-ups of a database share a connection",
        LISTENER,
        "return os.getpid(), asyncio.get_running_loop(), engine.dialect",
        "return os.getpid(), asyncio.get_running_loop(), type(engine.dialect)()",
        f"{SHARED}test_relays_of_two_tables_and_schemas_hold_one_connection",
    ),
    Twin(
        "each event loop has a connection of its own",
        LISTENER,
        "return os.getpid(), asyncio.get_running_loop(), engine.dialect",
        "from typing import cast\n    return os.getpid(), cast('AbstractEventLoop', None), engine.dialect",
        f"{SHARED}test_each_event_loop_has_a_connection_of_its_own",
    ),
    Twin(
        "a process that was forked has a connection of its own",
        LISTENER,
        "return subscriber in self._healthy and self._key[0] == os.getpid()",
        "return subscriber in self._healthy",
        f"{SHARED}test_a_forked_process_has_a_connection_of_its_own",
    ),
    Twin(
        "an echo is awaited on each channel",
        LISTENER,
        "if not self._missing:",
        "if channel:",
        f"{SHARED}test_wakeups_are_healthy_after_an_echo_on_their_own_channel_only",
    ),
    Twin(
        "a channel without a subscriber is not listened on",
        LISTENER,
        "await driver.remove_listener(channel, self._notified)",
        "pass",
        f"{SHARED}test_a_channel_is_added_and_removed_on_the_live_connection",
    ),
    Twin(
        "the connection is closed with the last subscriber",
        LISTENER,
        "return self._stop()",
        "return []",
        f"{SHARED}test_a_channel_is_added_and_removed_on_the_live_connection",
    ),
    Twin(
        "the connection stays while there are other subscribers",
        LISTENER,
        "        if self._subscribers:\n            self._changed.set()\n            return []\n",
        "",
        f"{SHARED}test_a_channel_is_added_and_removed_on_the_live_connection",
    ),
)
