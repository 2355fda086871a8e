"""Count what this process does, and show it with how the whole service is in the text form that Prometheus reads.

No label can take values without bound: no ids, no tenants, no tools are among them. Counters are this process's own, to
be summed over all; gauges of the whole service are the same in every process, to be taken from any.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from adapters.telemetry.gauges import Gauges, Part
from adapters.telemetry.overheads import TIMED, Overheads
from commands.ports import Appended
from domain.session.events import (
    AllotmentReceived,
    AllotmentRefused,
    BudgetSpent,
    CallFailed,
    CallSucceeded,
    Decision,
    Failure,
    ModelFailed,
    ModelReplied,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    VerdictReached,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # half of all lines, and nobody who reads this form has a use for them
METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
OTHER = "other"
Counted: TypeAlias = (
    VerdictReached
    | BudgetSpent
    | AllotmentReceived
    | AllotmentRefused
    | ModelReplied
    | ModelFailed
    | CallSucceeded
    | CallFailed
    | SessionCompleted
    | SessionFailed
    | SessionCancelled
)
COUNTED = frozenset(get_args(Counted))
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Hold one process's metrics in a registry of its own; ``parts`` are asked for gauges when somebody looks."""

    def __init__(self, parts: Mapping[str, Part]):
        self._registry, self._gauges, self._overheads = CollectorRegistry(), Gauges(parts), Overheads()
        self._registry.register(self._gauges)
        self._appends = self._histogram("append_seconds", "Appends to the log, with the wait for their turn.")
        self._events = self._counter("events_appended", "Events of sessions that this process appended.")
        self._verdicts = self._counters("verdicts", "Verdicts of the policy.", "decision", get_args(Decision))
        self._model_calls = self._counters("model_calls", "Questions to models.", "outcome", ("replied", "failed"))
        outcomes = ("succeeded", *get_args(Failure))
        self._tool_calls = self._counters("tool_calls", "Attempts of calls to tools.", "outcome", outcomes)
        answers = ("as-described", "otherwise")
        self._answers = self._counters("tool_answers", "Answers of tools beside their document.", "form", answers)
        self._tokens = self._counters("tokens", "Tokens that models read and wrote.", "direction", ("in", "out"))
        self._money = self._counter("money_millionths", "Millionths of money that were spent, of whatever currency.")
        came = ("received", "waits", "refused")
        self._allotments = self._counters("allotments", "Requests of sessions to their accounts.", "outcome", came)
        self._steps = self._histogram("step_overhead_seconds", "Steps without models, tools, people and chosen waits.")
        ended = ("completed", "failed", "cancelled")
        self._ended = self._counters("sessions_ended", "Sessions that ended here.", "status", ended)
        self._requests = self._counter("http_requests", "Requests.", "method", "route", "status")
        self._latencies = self._histogram("http_request_seconds", "Requests, but for live streams.", "route")
        self._streams = Gauge("reprise_live_streams", "Live streams that are open.", ["kind"], registry=self._registry)

    def heard(self, appended: Appended) -> None:
        """Count what this process appended."""
        if not appended.events:
            return
        self._appends.observe(appended.seconds)
        self._events.inc(len(appended.events))
        for event in appended.events:
            kind = type(event.data)
            if kind in COUNTED:
                self._count(event.data)
            if kind in TIMED and (overhead := self._overheads.take(appended.session, event)) is not None:
                self._steps.observe(overhead)

    def _count(self, data: SessionEvent) -> None:
        match data:
            case VerdictReached(decision=decision):
                self._verdicts[decision].inc()
            case ModelReplied(tokens_in=tokens_in, tokens_out=tokens_out):
                self._model_calls["replied"].inc()
                self._tokens["in"].inc(tokens_in)
                self._tokens["out"].inc(tokens_out)
            case BudgetSpent(money=money):
                self._money.inc(money)
            case AllotmentReceived():
                self._allotments["received"].inc()
            case AllotmentRefused(retry_at=retry_at):
                self._allotments["waits" if retry_at else "refused"].inc()
            case ModelFailed():
                self._model_calls["failed"].inc()
            case CallSucceeded(mismatches=mismatches):
                self._tool_calls["succeeded"].inc()
                self._answers["otherwise" if mismatches else "as-described"].inc()
            case CallFailed(failure=failure):
                self._tool_calls[failure].inc()
            case SessionCompleted():
                self._ended["completed"].inc()
            case SessionFailed():
                self._ended["failed"].inc()
            case SessionCancelled():
                self._ended["cancelled"].inc()
            case _:
                pass

    def request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count a request by its route's template, "" where it has none; ``seconds`` is None for a live stream."""
        route, method = route or OTHER, method if method in METHODS else OTHER
        self._requests.labels(method, route, f"{status // 100}xx").inc()
        if seconds is not None:
            self._latencies.labels(route).observe(seconds)

    @contextmanager
    def stream(self, kind: str) -> Iterator[None]:
        """Count a live stream while it is open."""
        with self._streams.labels(kind).track_inprogress():
            yield

    async def text(self) -> bytes:
        """Return everything; what cannot be said now is left out."""
        await self._gauges.refresh()
        return generate_latest(self._registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"reprise_{name}", words, labels, registry=self._registry)

    def _counters(self, name: str, words: str, label: str, values: Iterable[str]) -> dict[str, Counter]:
        """Return a counter for each value of a label, all there from the beginning."""
        counter = self._counter(name, words, label)
        return {value: counter.labels(value) for value in values}

    def _histogram(self, name: str, words: str, *labels: str) -> Histogram:
        return Histogram(f"reprise_{name}", words, labels, buckets=SECONDS, registry=self._registry)
