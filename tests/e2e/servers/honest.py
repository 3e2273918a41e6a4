"""Does what it says."""

from stdio import serve

serve(lambda _name, arguments: len(str(arguments.get("text"))))
