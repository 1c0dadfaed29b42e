"""What sqlfluff sees in place of dbt's adapter: a dispatched macro renders as a call of its own name. Only for linting."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """Return a function that writes `name(arguments)`."""

    def render(*arguments: object) -> str:
        return f"{name}({', '.join(str(argument) for argument in arguments)})"

    return render
