"""Say in each question in which form it is to be answered."""

REPLAN_FORM = """\
A step of the plan could not be finished. What is done or runs stays. Plan the rest anew so that the goal is reached \
another way: steps that wait are left out unless you plan them again, with "instead" and the number of the one that \
yours replaces. Your steps may wait for those that are done or run, and read their outputs, but not for what failed."""

PLAN_FORM = """\
Decompose the goal into the fewest steps that reach it. Each step is one call of one tool or one conclusion.
Answer with one JSON object and nothing else:
{"steps": [{"goal": "what to reach", "agent": "an agent's id", "after": [numbers of earlier steps whose results it \
needs], "criteria": "how to see that it is done"}]}"""

BOUND_PLAN_FORM = """\
Decompose the goal into the fewest steps that reach it. Each step is one call of one tool or one conclusion.
Answer with one JSON object and nothing else:
{"steps": [{"goal": "what to reach", "agent": "an agent's id", "after": [numbers of earlier steps whose results it \
needs], "criteria": "how to see that it is done", "tool": "the tool that it calls, left out for a conclusion", \
"slots": [{"argument": "/body/…", "value": what the goal says} or {"argument": "/body/…", "step": the number of an \
earlier step, "pointer": "a JSON pointer into its output"}]}]}
Bind every argument that says to whom or where something goes: copy it from the goal word for word, or point to the \
output that holds it. A call that is not in the plan, or whose destination is not bound, waits for a person."""

CHOOSE_FORM = """Choose one tool and its arguments for this step, or state the result if it follows from what is known.
Answer with one JSON object and nothing else, either
{"tool": "its name", "arguments": {"path": {}, "query": {}, "body": {}}} or {"result": "the result in words"}"""

ASK_FORM = """\
Of the tools' arguments only the upper levels are shown; "cut" counts what is left out. To see more first, answer with
{"describe": "a tool's name", "at": "/body/items"}, where "at" leads into its arguments or is empty for all."""

REPAIR_FORM = """\
The call of this tool failed, as the last round says. Mend its arguments: change what was wrong, and nothing else.
Answer with one JSON object and nothing else, either
{"tool": "the same name", "arguments": {"path": {}, "query": {}, "body": {}}} or, where a value is missing that nothing
here says, {"result": "what is missing"}"""

REVIEW_FORM = """Judge whether the result does what the step asks. Claim nothing that the result does not show.
Answer with one JSON object and nothing else:
{"verdict": "accept" or "rework" or "fail", "reason": "for rework: what to do differently"}"""

REVIEW_OF_PLAN_FORM = """Judge whether the result does what the step asks. Claim nothing that the result does not show.
Answer with one JSON object and nothing else:
{"verdict": "accept" or "rework" or "replan" or "fail", "reason": "for rework: what to do differently"}
Say "replan" where the result is right, and shows that the goal cannot be reached by the plan as it is."""

ANSWER_FORM = """Answer the goal from these results alone, briefly, with the figures that matter.
Answer with one JSON object and nothing else: {"answer": "…"}"""

ANSWER_AND_SUM_FORM = f"""{ANSWER_FORM[:-1]}, "summary": "…"}}
The summary is kept for later sessions: say in a few sentences what was found that will still be of use to them."""

FINDINGS_FORM = """\
{"findings": [{"claim": "one thing in words", "calls": ["call-1-1"], "value": "what it says, where others need it"}]}
Each finding names the calls whose answers show it. What you did not find is a finding too, by the calls that looked."""

CONCLUDE_FORM = f"""\
All calls that this step may take are made. State now what you found, and what you did not find.
Answer with one JSON object and nothing else:
{FINDINGS_FORM}"""

IN_PLANS = """\
A step of a researcher may take several calls that read. Its output is its findings, the first at /findings/0 with its \
"claim" and, where it has one, its "value". Name no tool for it unless it is to use that one."""


def replan_form(first: int) -> str:
    """Ask for the rest of a plan whose new steps are numbered from ``first`` on."""
    return f"{REPLAN_FORM} Number your steps from {first} on.\n{BOUND_PLAN_FORM}"


def research_form(room: int) -> str:
    """Ask for the next of so many calls, or for what was found."""
    more = "one more call" if room == 1 else f"up to {room} more calls"
    return f"""\
Find out what this step asks, by tools that only read: {more}, one after another. You see each answer before you \
choose again, and a call whose answer you have is not made again. When you know enough, state what you found.
Answer with one JSON object and nothing else, either
{{"tool": "its name", "arguments": {{"path": {{}}, "query": {{}}, "body": {{}}}}}} or what you found,
{FINDINGS_FORM}"""
