"""Say in words where what a verdict stopped at came from."""

from domain.labels import ArgumentLabel, Provenance

MOST_EXPLAINED = 5


def explained(provenance: Provenance) -> str:
    """Say of each argument that decides where something goes, and is not bound, whose word it is; "" if all are."""
    unbound = [each for each in provenance.arguments if each.sink and not each.bound]
    said = [_whose(each) for each in unbound[:MOST_EXPLAINED]]
    if len(unbound) > MOST_EXPLAINED:
        said.append(f"So it is with {len(unbound) - MOST_EXPLAINED} more.")
    return " ".join(said)


def _whose(argument: ArgumentLabel) -> str:
    name = argument.argument.strip("/").replace("/", ".")
    label = argument.label
    tools = ", ".join(source.removeprefix("tool:") for source in label.sources if source.startswith("tool:"))
    if "model:plan" in label.sources:
        return f"`{name}` is the planner's word: it does not stand in the goal."
    if not any(source.startswith("model:") for source in label.sources):
        return f"`{name}` came from {tools or 'nobody knows where'}, which tells what others may have written."
    if label.trusted:
        return f"`{name}` is the agent's word."
    read = f"{tools} said, which others may have written" if tools else "it was told"
    return f"`{name}` is the word of an agent that had read what {read}."
