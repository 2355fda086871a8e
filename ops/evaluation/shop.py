"""Find tools of the sample shop: a few cases that are always there, to see at once whether searching works."""

from ops.bootstrap.evaluation import shop_tools
from ops.bootstrap.finding import finder
from ops.evaluation.retrieval import Case, figure_names, measured
from ops.evaluation.suite import Figures, Suite, Wanted

FEW = 3
"""Of ten tools: with all of them, nothing could be missed."""

TASKS = (
    ("Give the customer of order 7 her money back", ("POST /orders/{orderId}/refunds",)),
    ("Which products run low?", ("GET /products",)),
    ("Cancel the order that has not been shipped yet", ("DELETE /orders/{orderId}",)),
    ("Order ten mugs for Ada", ("POST /orders",)),
    ("What is the total of order 12?", ("GET /orders/{orderId}",)),
    ("Send the shipped order to another address", ("PUT /orders/{orderId}/address",)),
    ("Show me the customer with this e-mail", ("GET /customers/{customerId}",)),
    ("Ship the order", ("POST /orders/{orderId}/shipments",)),
)


async def run(wanted: Wanted) -> Figures:
    """Measure recall over the shop's tools."""
    cases = [Case(api="shop", text=text, gold=gold) for text, gold in TASKS]
    searching = finder(wanted.settings, embeddings=wanted.embeddings)
    return await measured(searching, shop_tools(), cases, wanted.progress, most=FEW)


SUITE = Suite(
    name="shop",
    words="Find the tools of the sample shop for a few tasks; needs no data.",
    source="",
    run=run,
    takes=("embeddings",),
    figures=figure_names(FEW),
)
