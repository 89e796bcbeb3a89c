"""Steps that a run need not compute again, because an earlier run has their results."""

from collections.abc import Mapping
from typing import Any

from lambdas.boundary.text import one_line
from lambdas.reuse.keys import PREPROCESS, TRAIN
from lambdas.reuse.results import NoResultError, Result, Results

LONGEST_REASON = 300  # characters: it travels in the run's state

# Where the state machine goes on after PrepareRun: at the first step without a result.
PREPARED, PREPROCESSED, TRAINED = "prepared", "preprocessed", "trained"

# By step: the outcome that skips it, its folder among a run's paths, its job in a run's state.
_PLACES = {
    PREPROCESS: (PREPROCESSED, "preprocessing", "preprocessing_job"),
    TRAIN: (TRAINED, "training", "training_job"),
}


def reuse(
    state: Mapping[str, Any], keys: Mapping[str, str], results: Results, why_not: str = ""
) -> tuple[str, dict[str, Any]]:
    """Return the outcome of PrepareRun, and the state with the results that there are.

    A result takes the place of the step's own: its folder among ``paths``, and what its state would
    have added. ``steps`` says of each step its key, and of which run the result is, or why of none.
    Where ``why_not`` gives a reason not to, no result is looked for. Train is reused only on the
    arrays of a Preprocess that is reused too.
    """
    outcome, state = PREPARED, {**state, "steps": {}}
    for step, key in keys.items():
        try:
            if why_not:
                raise NoResultError(why_not)
            found = results.find(step, key, besides=state["run_id"])
        except NoResultError as error:
            why_not = why_not or f"{step} is computed"
            why = one_line(str(error), LONGEST_REASON)
            state["steps"][step] = {"key": key, "reused_from": None, "why": why}
        else:
            outcome, state = _with_result(step, key, found, state)
    return outcome, state


def computed(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys of the steps that a run is to compute, by their names."""
    steps = state["steps"].items()
    return {name: step["key"] for name, step in steps if step["reused_from"] is None}


def _with_result(
    step: str, key: str, found: Result, state: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    outcome, folder, job = _PLACES[step]
    told = {"key": key, "reused_from": found.run_id, "why": None}
    return outcome, {
        **state,
        "paths": {**state["paths"], folder: found.folder},
        job: dict(found.job),
        "steps": {**state["steps"], step: told},
    }
