"""Say for which agents' tools must be looked before a model is asked, and by which text.

An agent that may use more tools than a prompt shows is marked when its session begins. What was found for it is a fact,
and prompts are built from that: how tools are found may change, what an agent was shown does not.
"""

from domain.catalog.events import Agent
from domain.catalog.state import Snapshot
from domain.session.state import ModelCall, Session, Step

MOST_SHOWN = 40
LEAST_SHOWN = 5
MOST_SEARCHED = 1_000


def needs_search(agent: Agent, catalog: Snapshot) -> bool:
    """Tell whether an agent may use more tools than a prompt shows."""
    return len(catalog.usable(agent)) > MOST_SHOWN


def searched_for(state: Session, model: ModelCall) -> tuple[str, ...]:
    """Return the agents whose tools must be looked for before this question is asked, if any."""
    if model.found:
        return ()
    narrowed = [agent.id for agent in state.agents if agent.narrowed]
    match model.purpose:
        case "plan" | "replan":
            return tuple(narrowed)
        case "choose":
            return (model.agent,) if model.agent in narrowed else ()
        case _:
            return ()


def search_text(state: Session, model: ModelCall) -> str:
    """Return the text to look by: what the step is to reach, and what its last round lacked, or the goal."""
    return (_step_text(state.steps[model.step - 1]) if model.step else state.goal)[:MOST_SEARCHED]


def _step_text(step: Step) -> str:
    return "\n".join(filter(None, (step.plan.goal, step.plan.criteria, step.instructions)))


def most_shown(agents: int) -> int:
    """Return how many tools are looked for each of so many agents, so that a prompt stays readable."""
    return max(LEAST_SHOWN, MOST_SHOWN // max(1, agents))
