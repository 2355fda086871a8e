"""Say everything that can happen in a session, in the past tense.

Facts came from outside and carry every value that a later decision needs. Consequences are what `decide` drew from
them. Times are UTC; durations are milliseconds; ``call`` names a tool call or a model call within the session, ``step``
is the step's number in the plan, from 1. Foreign JSON keeps the text it came in.
"""

from typing import TypeAlias, get_args

from domain.session.events.budgets import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    BudgetShort,
    TimeRanOut,
    UnderWay,
)
from domain.session.events.calls import (
    CallAttempted,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallSucceeded,
    CredentialUse,
    LeaseLapsed,
    PagesEnd,
    Paging,
)
from domain.session.events.catalogue import CatalogMigrated
from domain.session.events.checks import (
    AnswerChecked,
    ArgumentsChecked,
    ContentFiltered,
    Described,
    PlanChecked,
    ResultChecked,
    ToolDescribed,
    VerdictReached,
)
from domain.session.events.endings import SessionCancelled, SessionCompleted, SessionFailed
from domain.session.events.finding import FoundFor, FoundTool, MemoriesRecalled, ToolsFound
from domain.session.events.letters import DeadLetterDiscarded, DeadLetterReplayed
from domain.session.events.models import ModelCallAttempted, ModelFailed, ModelReplied
from domain.session.events.people import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    CancelRequested,
    GoalSubmitted,
    OutcomeReported,
    SessionPaused,
    SessionResumed,
)
from domain.session.events.plans import (
    ChangedStep,
    DescriptionRequested,
    PlanProposed,
    PlanRevised,
    RepairRequested,
    ReplanRequested,
    ResultStated,
    ReworkRequested,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
)
from domain.session.events.questions import ModelCallRequested, ModelRetryScheduled
from domain.session.events.requests import (
    ApprovalRequested,
    CallDeadLettered,
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallWithdrawn,
    DeadLetterResolved,
)
from domain.session.events.shapes import (
    Budget,
    Consequence,
    Fact,
    Limits,
    PinnedAgent,
    PlannedStep,
    Reassigned,
    Slot,
    Sourced,
)
from domain.session.events.spending import BudgetReleased, BudgetReserved, BudgetSpent
from domain.session.events.vocabulary import (
    AtLeastOne,
    Count,
    Decision,
    EffectClass,
    Failure,
    FilterDecision,
    FilteredPlace,
    Millionths,
    Milliseconds,
    Outcome,
    Permille,
    Purpose,
    Strategy,
)

SessionFact: TypeAlias = (
    GoalSubmitted
    | CancelRequested
    | SessionPaused
    | SessionResumed
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalExpired
    | OutcomeReported
    | ToolsFound
    | MemoriesRecalled
    | ModelCallAttempted
    | ModelReplied
    | ModelFailed
    | ToolDescribed
    | PlanChecked
    | ArgumentsChecked
    | VerdictReached
    | ContentFiltered
    | ResultChecked
    | AnswerChecked
    | CallAttempted
    | CallSucceeded
    | CallFailed
    | CallDeferred
    | CallExpired
    | LeaseLapsed
    | DeadLetterReplayed
    | DeadLetterDiscarded
    | CatalogMigrated
    | BudgetShort
    | AllotmentReceived
    | AllotmentRefused
    | AccountsJoined
    | AllotmentReturned
    | TimeRanOut
)

SessionConsequence: TypeAlias = (
    ModelCallRequested
    | ModelRetryScheduled
    | PlanProposed
    | ReplanRequested
    | PlanRevised
    | StepStarted
    | DescriptionRequested
    | ToolChosen
    | ResultStated
    | CallWithdrawn
    | ApprovalRequested
    | CallRequested
    | CallRetryScheduled
    | CallOutcomeUnknown
    | CallDeadLettered
    | DeadLetterResolved
    | CallRehearsed
    | StepAccepted
    | ReworkRequested
    | RepairRequested
    | StepFailed
    | BudgetSpent
    | BudgetReserved
    | BudgetReleased
    | SessionCompleted
    | SessionFailed
    | SessionCancelled
)

SessionEvent: TypeAlias = SessionFact | SessionConsequence

SESSION_EVENTS: tuple[type[SessionEvent], ...] = get_args(SessionEvent)


__all__ = [
    "SESSION_EVENTS",
    "AccountsJoined",
    "AllotmentReceived",
    "AllotmentRefused",
    "AllotmentReturned",
    "AnswerChecked",
    "ApprovalDenied",
    "ApprovalExpired",
    "ApprovalGranted",
    "ApprovalRequested",
    "ArgumentsChecked",
    "AtLeastOne",
    "Budget",
    "BudgetReleased",
    "BudgetReserved",
    "BudgetShort",
    "BudgetSpent",
    "CallAttempted",
    "CallDeadLettered",
    "CallDeferred",
    "CallExpired",
    "CallFailed",
    "CallOutcomeUnknown",
    "CallRehearsed",
    "CallRequested",
    "CallRetryScheduled",
    "CallSucceeded",
    "CallWithdrawn",
    "CancelRequested",
    "CatalogMigrated",
    "ChangedStep",
    "Consequence",
    "ContentFiltered",
    "Count",
    "CredentialUse",
    "DeadLetterDiscarded",
    "DeadLetterReplayed",
    "DeadLetterResolved",
    "Decision",
    "Described",
    "DescriptionRequested",
    "EffectClass",
    "Fact",
    "Failure",
    "FilterDecision",
    "FilteredPlace",
    "FoundFor",
    "FoundTool",
    "GoalSubmitted",
    "LeaseLapsed",
    "Limits",
    "MemoriesRecalled",
    "Millionths",
    "Milliseconds",
    "ModelCallAttempted",
    "ModelCallRequested",
    "ModelFailed",
    "ModelReplied",
    "ModelRetryScheduled",
    "Outcome",
    "OutcomeReported",
    "PagesEnd",
    "Paging",
    "Permille",
    "PinnedAgent",
    "PlanChecked",
    "PlanProposed",
    "PlanRevised",
    "PlannedStep",
    "Purpose",
    "Reassigned",
    "RepairRequested",
    "ReplanRequested",
    "ResultChecked",
    "ResultStated",
    "ReworkRequested",
    "SessionCancelled",
    "SessionCompleted",
    "SessionConsequence",
    "SessionEvent",
    "SessionFact",
    "SessionFailed",
    "SessionPaused",
    "SessionResumed",
    "Slot",
    "Sourced",
    "StepAccepted",
    "StepFailed",
    "StepStarted",
    "Strategy",
    "TimeRanOut",
    "ToolChosen",
    "ToolDescribed",
    "ToolsFound",
    "UnderWay",
    "VerdictReached",
]
