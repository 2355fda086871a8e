"""Name spans and their attributes as OpenTelemetry's GenAI conventions do (in development; as read in November 2026).

Source: github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md and gen-ai-agent-spans.md.
A session is a workflow, a step an agent's work, a call the execution of a tool. What they do not name is ours,
under ``reprise.``.
"""

from pathlib import PurePath
from urllib.parse import urlsplit

# What is done: a span's name begins with it.
INVOKE_WORKFLOW = "invoke_workflow"
PLAN = "plan"
INVOKE_AGENT = "invoke_agent"
EXECUTE_TOOL = "execute_tool"
CHAT = "chat"
COMMAND = "command"

OPERATION = "gen_ai.operation.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.id"
AGENT_NAME = "gen_ai.agent.name"
PROVIDER = "gen_ai.provider.name"
MODEL = "gen_ai.request.model"
TOKENS_IN = "gen_ai.usage.input_tokens"
TOKENS_OUT = "gen_ai.usage.output_tokens"
TOOL = "gen_ai.tool.name"
TOOL_CALL = "gen_ai.tool.call.id"
TOOL_TYPE = "gen_ai.tool.type"
ERROR = "error.type"
HTTP_STATUS = "http.response.status_code"
SERVER = "server.address"

LANE = "reprise.lane"
TENANT = "reprise.tenant"
STATUS = "reprise.session.status"
STEP = "reprise.step"
PURPOSE = "reprise.purpose"
ROUND = "reprise.round"
ATTEMPT = "reprise.attempt"
FACT = "reprise.fact.type"
VERSION = "reprise.version"
DECISION = "reprise.verdict.decision"
RULES = "reprise.verdict.rules"
EFFECT_CLASS = "reprise.effect_class"
FAILURE = "reprise.failure"
LATENCY_MS = "reprise.latency_ms"


def model_attributes(model: str) -> dict[str, str]:
    """Return what names a model: provider, name, and where it is, without the path or password of a place."""
    provider, _, rest = model.partition(":")
    name, _, place = rest.rpartition("@") if "://" in rest else (rest, "", "")
    given = {PROVIDER: provider, MODEL: PurePath(name).name if provider == "scripted" else name}
    if host := _host(place):
        given[SERVER] = host
    return {key: value for key, value in given.items() if value}


def _host(place: str) -> str:
    try:
        return urlsplit(place).hostname or ""
    except ValueError:
        return ""
