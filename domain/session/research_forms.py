"""Say to a researcher in which form it chooses its next call, or states what it found."""

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


def research_form(room: int) -> str:
    """Ask for the next of so many calls, or for what was found."""
    more = "one more call" if room == 1 else f"up to {room} more calls"
    return f"""\
Find out what this step asks, by tools that only read: {more}, one after another. You see each answer before you \
choose again, and a call whose answer you have is not made again. When you know enough, state what you found.
Answer with one JSON object and nothing else, either
{{"tool": "its name", "arguments": {{"path": {{}}, "query": {{}}, "body": {{}}}}}} or what you found,
{FINDINGS_FORM}"""
