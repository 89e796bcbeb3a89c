"""The credentials of roles that are at work are known, and no others for ever."""

import gc

from local_aws.iam import sessions
from local_aws.iam.sessions import RECENT

ROLE = "arn:aws:iam::123456789012:role/at-work"


def test_a_session_is_known_as_long_as_somebody_holds_it() -> None:
    held = sessions.issue(ROLE, "function")
    keys = [sessions.issue(ROLE, "function").access_key for _ in range(RECENT + 10)]
    gc.collect()
    assert sessions.find(held.access_key) is held
    assert sessions.find(keys[-1]) is not None


def test_sessions_that_nobody_holds_do_not_grow_without_bound() -> None:
    first = sessions.issue(ROLE, "function").access_key
    for _ in range(2 * RECENT):
        sessions.issue(ROLE, "function")
    gc.collect()
    assert sessions.find(first) is None
    assert len(sessions._recent) == RECENT
