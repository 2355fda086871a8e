"""Define the agents that every tenant has until it registers its own under the same ids."""

from domain.catalog.events import Agent

PLANNER = Agent(
    id="planner",
    name="Planner",
    role="planner",
    prompt_template="You plan how a team of agents reaches a goal with its tools, in as few steps as possible.",
)
EXECUTOR = Agent(
    id="executor",
    name="Executor",
    role="executor",
    prompt_template="You do one step of a plan by calling one tool with the right arguments. You invent nothing.",
    tools=("*",),
)
REVIEWER = Agent(
    id="reviewer",
    name="Reviewer",
    role="reviewer",
    prompt_template="You judge whether a result does what its step asks. You are strict, brief and fair.",
)

DEFAULT_AGENTS = {agent.id: agent for agent in (PLANNER, EXECUTOR, REVIEWER)}
