"""Be the shop: what each of its tools does to the database, as plain functions that HTTP and direct calls share.

The database is ``{"users", "orders", "products"}``, each by id. A tool that refuses raises `Refusal` and changes
nothing. Money has two decimals.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]

REASONS = ("no longer needed", "ordered by mistake")
ADDRESS = ("address1", "address2", "city", "state", "country", "zip")


class Refusal(Exception):
    """Say why a tool did nothing; ``status`` is that of its HTTP answer."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Shop:
    """Hold one database, and do what its tools do."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        self.database = database

    def apply(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool and return its answer; raise Refusal."""
        return TOOLS[tool](self, **arguments)

    def find_user_id_by_email(self, email: str) -> Record:
        """Find a user by an e-mail address, in whatever case it is written."""
        return self._found(lambda user: user["email"].lower() == email.lower())

    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> Record:
        """Find a user by name and zip code."""
        wanted = (first_name.lower(), last_name.lower(), zip)

        def is_wanted(user: Record) -> bool:
            name = user["name"]
            return (name["first_name"].lower(), name["last_name"].lower(), user["address"]["zip"]) == wanted

        return self._found(is_wanted)

    def get_user_details(self, user_id: str) -> Record:
        """Show a user."""
        return self._record("users", user_id)

    def get_order_details(self, order_id: str) -> Record:
        """Show an order."""
        return self._record("orders", order_id)

    def get_product_details(self, product_id: str) -> Record:
        """Show a product with its variants."""
        return self._record("products", product_id)

    def get_item_details(self, item_id: str) -> Record:
        """Show one variant of whichever product has it."""
        for product in self.database["products"].values():
            if item_id in product["variants"]:
                return dict(product["variants"][item_id])
        raise Refusal(404, f"There is no item {item_id}.")

    def list_all_product_types(self) -> Record:
        """Return the products' ids by their names."""
        return {each["name"]: each["product_id"] for each in self.database["products"].values()}

    def calculate(self, expression: str) -> Record:
        """Compute what a chain of sums, differences, products and quotients comes to."""
        return {"result": computed(expression)}

    def transfer_to_human_agents(self, summary: str) -> Record:
        """Hand the customer over; the database stays as it is."""
        return {"transferred": True}

    def modify_user_address(self, user_id: str, **address: str) -> Record:
        """Give a user another address."""
        user = self._record("users", user_id)
        user["address"] = {field: address[field] for field in ADDRESS}
        return user

    def cancel_pending_order(self, order_id: str, reason: str) -> Record:
        """Cancel an order that is pending, and give back what was paid."""
        order = self._order(order_id, "pending")
        if reason not in REASONS:
            raise Refusal(422, f"Expected one of the reasons {', '.join(REASONS)}.")
        for paid in [each for each in order["payment_history"] if each["transaction_type"] == "payment"]:
            self._pay(order, "refund", paid["amount"], paid["payment_method_id"])
        order["status"], order["cancel_reason"] = "cancelled", reason
        return order

    def modify_pending_order_address(self, order_id: str, **address: str) -> Record:
        """Send a pending order elsewhere."""
        order = self._order(order_id, "pending", "pending (item modified)")
        order["address"] = {field: address[field] for field in ADDRESS}
        return order

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> Record:
        """Pay a pending order by another method of its user."""
        order = self._order(order_id, "pending", "pending (item modified)")
        method = self._method(order, payment_method_id)
        first = order["payment_history"][0]
        if len(order["payment_history"]) != 1 or first["payment_method_id"] == payment_method_id:
            raise Refusal(422, "Expected another method than the one by which the order was paid, once.")
        self._check_balance(method, first["amount"])
        self._pay(order, "payment", first["amount"], payment_method_id)
        self._pay(order, "refund", first["amount"], first["payment_method_id"])
        return order

    def modify_pending_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> Record:
        """Put other variants of the same products into a pending order, once, and settle the difference."""
        order = self._order(order_id, "pending")
        pairs, difference = self._swaps(order, item_ids, new_item_ids)
        self._check_balance(self._method(order, payment_method_id), difference)
        for item, variant in pairs:
            item.update(item_id=variant["item_id"], price=variant["price"], options=variant["options"])
        self._pay(order, "payment" if difference > 0 else "refund", abs(difference), payment_method_id)
        order["status"] = "pending (item modified)"
        return order

    def return_delivered_order_items(self, order_id: str, item_ids: Sequence[str], payment_method_id: str) -> Record:
        """Ask for items of a delivered order to be taken back."""
        order = self._order(order_id, "delivered")
        self._items(order, item_ids)
        paid = {each["payment_method_id"] for each in order["payment_history"]}
        if self._method(order, payment_method_id)["source"] != "gift_card" and payment_method_id not in paid:
            raise Refusal(422, "Expected a gift card, or the method by which the order was paid.")
        order |= {
            "status": "return requested",
            "return_items": sorted(item_ids),
            "return_payment_method_id": payment_method_id,
        }
        return order

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> Record:
        """Ask for items of a delivered order to be exchanged for other variants of the same products."""
        order = self._order(order_id, "delivered")
        _, difference = self._swaps(order, item_ids, new_item_ids)
        self._check_balance(self._method(order, payment_method_id), difference)
        order |= {
            "status": "exchange requested",
            "exchange_items": sorted(item_ids),
            "exchange_new_items": sorted(new_item_ids),
            "exchange_payment_method_id": payment_method_id,
            "exchange_price_difference": difference,
        }
        return order

    def _found(self, is_wanted: Callable[[Record], bool]) -> Record:
        for user_id, user in self.database["users"].items():
            if is_wanted(user):
                return {"user_id": user_id}
        raise Refusal(404, "There is no such user.")

    def _record(self, kind: str, key: str) -> Record:
        if key not in self.database[kind]:
            raise Refusal(404, f"There is no {key} among the {kind}.")
        found: Record = self.database[kind][key]
        return found

    def _order(self, order_id: str, *statuses: str) -> Record:
        order = self._record("orders", order_id)
        if order["status"] not in statuses:
            raise Refusal(409, f"Expected an order that is {' or '.join(statuses)}, but it is {order['status']}.")
        return order

    def _method(self, order: Record, method_id: str) -> Record:
        methods: dict[str, Record] = self._record("users", order["user_id"])["payment_methods"]
        if method_id not in methods:
            raise Refusal(422, f"Expected a payment method of {order['user_id']}, which {method_id} is not.")
        return methods[method_id]

    def _items(self, order: Record, item_ids: Sequence[str]) -> list[Record]:
        left = list(order["items"])
        taken: list[Record] = []
        for item_id in item_ids:
            item = next((each for each in left if each["item_id"] == item_id), None)
            if item is None:
                raise Refusal(422, f"Expected items of the order, which {item_id} is not, or not as often.")
            left.remove(item)
            taken.append(item)
        return taken

    def _swaps(
        self, order: Record, item_ids: Sequence[str], new_item_ids: Sequence[str]
    ) -> tuple[list[tuple[Record, Record]], float]:
        """Pair items with the variants that take their place; the difference is what is to be paid more."""
        if not item_ids or len(item_ids) != len(new_item_ids):
            raise Refusal(422, "Expected as many new items as items, and one at least.")
        pairs = [
            (item, self._variant(item, new))
            for item, new in zip(self._items(order, item_ids), new_item_ids, strict=True)
        ]
        return pairs, round(sum(variant["price"] - item["price"] for item, variant in pairs), 2)

    def _variant(self, item: Record, new_item_id: str) -> Record:
        variant: Record | None = self._record("products", item["product_id"])["variants"].get(new_item_id)
        if variant is None or not variant["available"]:
            raise Refusal(422, f"Expected a variant of {item['name']} that is there, which {new_item_id} is not.")
        return variant

    def _check_balance(self, method: Record, amount: float) -> None:
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise Refusal(422, f"The gift card's balance of {method['balance']} is less than {amount}.")

    def _pay(self, order: Record, kind: str, amount: float, method_id: str) -> None:
        entry = {"transaction_type": kind, "amount": amount, "payment_method_id": method_id}
        order["payment_history"].append(entry)
        method = self._record("users", order["user_id"])["payment_methods"].get(method_id)
        if method and method["source"] == "gift_card":
            method["balance"] = round(method["balance"] + (amount if kind == "refund" else -amount), 2)


TOOLS: dict[str, Callable[..., Any]] = {
    name: function
    for name, function in vars(Shop).items()
    if callable(function) and not name.startswith("_") and name != "apply"
}


def computed(expression: str) -> str:
    """Return what ``1 + 2.5 * 3`` comes to, with two decimals; raise Refusal for anything but such arithmetic."""
    import ast
    import operator

    signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}

    def value(node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in signs:
                return float(signs[type(sign)](value(left), value(right)))
            case _:
                raise ValueError(f"{ast.dump(node)[:60]} is no arithmetic")

    try:
        return f"{value(ast.parse(expression.strip(), mode='eval').body):.2f}"
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError) as fault:
        raise Refusal(422, f"Expected sums of numbers, but {fault}.") from fault
