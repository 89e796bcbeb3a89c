"""When the fields `Output` and `Assign` of a state count, and whose errors they are.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.state.choice.choice_rule import ChoiceRule
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.stepfunctions.language import variables
from local_aws.wrapping import Original, wrap

_MATCHED = "a rule of the Choice matched"


def install() -> None:
    """Have Retry and Catch see what fails in a task's Output, and a rule's fields stand alone."""
    wrap(ExecutionState, "_evaluate_with_timeout", _with_output)
    wrap(ChoiceRule, "_eval_body", _remember_match)
    wrap(StateChoice, "_eval_state_output", _of_rule_alone)


def _with_output(original: Original, self: ExecutionState, env: Environment) -> None:
    """Evaluate Output where an error of the state is looked at. moto does so after its catchers."""
    try:
        original(self, env)
        if self.output is not None:
            self.output.eval(env=env)
            # moto's own mark of a state whose output is settled; a catcher leaves it too
            env.stack.append(CatchOutcome.NotCaught)
    except Exception:
        variables.drop_pending(env.variable_store)
        raise


def _remember_match(original: Original, self: ChoiceRule, env: Environment) -> None:
    original(self, env)
    if self.next_stmt is not None and env.stack[-1] is True:  # rules within others have no Next
        env.heap[_MATCHED] = True


def _of_rule_alone(original: Original, self: StateChoice, env: Environment) -> None:
    """Leave the state's own Assign and Output to the case that no rule matched.

    moto compares the name of the next state with Default, which a rule may name too.
    """
    if not env.heap.pop(_MATCHED, False):
        original(self, env)
        return
    next_state = env.stack.pop()
    if self.output_path:
        self.output_path.eval(env=env)
    env.next_state_name = next_state
