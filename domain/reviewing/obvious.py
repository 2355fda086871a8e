"""Find what is plainly wrong with a result, before anything costlier looks at it: exact, and not to be talked round."""

from domain.content import Content
from domain.encoding import parse
from domain.errors import Invalid


def problems_of(output: Content, tool: str) -> tuple[str, ...]:
    """Return what is plainly wrong with a result, in words for the agent that must do it again."""
    if not output.text.strip() and output.size:
        return ("the result is blank",)
    if tool and output.whole and output.text and _says_error(output.text):
        return (f"{tool} answered with an error inside a success: {output.text[:200]}",)
    return ()


def _says_error(text: str) -> bool:
    """Tell whether a JSON object has nothing to say but an error."""
    try:
        value = parse(text)
    except Invalid:
        return False
    return isinstance(value, dict) and bool(value.get("error")) and set(value) <= {"error", "message", "code"}
