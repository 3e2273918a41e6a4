"""Exception groups of one: task groups wrap each fault, even their own body's."""


def single(error: BaseException) -> BaseException:
    """Return the one exception within `error`; `error` itself where it holds several."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
