"""What sqlfluff sees in place of dbt's adapter: a dispatched macro renders as a call of its own name, and what a company's
project may add, as nothing. Only for linting."""

from collections.abc import Callable


def dispatch(name: str, namespace: str = "") -> Callable[..., str]:
    """Return a function that writes `name(arguments)`."""

    def render(*arguments: object) -> str:
        return "" if namespace else f"{name}({', '.join(str(argument) for argument in arguments)})"

    return render
