"""Chains of handlers with unusual names and types, for the tests of the diagrams."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from cqrs.requests.cor_request_handler import CORRequestHandler

if TYPE_CHECKING:
    from collections.abc import Callable

# Words that Mermaid reads as commands, and characters that end a name, a line or a block there.
_WORDS = """
end class note Note loop opt alt else par participant actor as box create activate autonumber namespace
classDef click callback link links href cssClass constructor CORRequestHandler mediator caller h1 C_ TB
__proto__ __init__ _private_ **bold** `code` a~b~ [*] {} { } a;b #35; #quot; &lt; $$x$$ --- --> ->> <|--
"""
TROUBLE = [
    *_WORDS.split(),
    *["title x", "direction TB", "direction LR", "style x: #fff;", "call f()", "wrap:", "nowrap: x", "accTitle: x"],
    *["1. one", "- item", "# head", "<b>x</b>", "<<x>>", '"', "'", '"]', "a: b", "x ..> y : z", "@{ }", "fa:fa-ban"],
    *["%%{init: {}}%%", "%% x", "www.x.org", "\ufb02°°35¶ß", "a\nb", "\r\n", "\u200b", "\xa0", "", " "],
    *["Ünïcøde", "支付处理", "платёж", "دفع", "😀"],
]

names = st.one_of(
    st.sampled_from(TROUBLE),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.text(st.sampled_from("aZ9_ .,:;#%@|~<>[](){}*`'\"\\/-+=!?&$^\n\t"), max_size=12),
)


def message_class(name: str, annotations: dict[str, Any], module: str = "shop") -> type:
    """A class that is annotated with these fields."""
    return type(name, (), {"__module__": module, "__annotations__": annotations})


def handler_class(name: str, request: Any, response: Any, module: str = "shop") -> Any:
    """A handler class with this name and these type arguments."""

    async def handle(self: Any, request: Any) -> Any:
        return await self.next(request)

    def fill(namespace: dict[str, Any]) -> None:
        namespace.update(handle=handle, __module__=module)

    return types.new_class(name, (CORRequestHandler[request, response],), exec_body=fill)


def handler_function(name: str, request: Any, response: Any) -> Callable[..., Any]:
    """A handler function with this name and these annotations."""

    async def member(request: Any, next: Any) -> Any:  # noqa: A002  # the name that handler functions use
        return await next(request)

    member.__name__ = member.__qualname__ = name
    member.__annotations__ = {"request": request, "return": response}
    return member


_messages = st.builds(message_class, names, st.dictionaries(names, names | st.sampled_from([int, list[str]])), names)
_types = st.one_of(
    _messages,
    st.builds(lambda one, other: one | other | None, _messages, _messages),
    st.builds(lambda one: dict[str, list[one]], _messages),  # type: ignore[valid-type]  # made at run time
)
_members = st.builds(handler_class, names, _types, _types, names) | st.builds(handler_function, names, _types, _types)

chains = st.lists(_members, min_size=1, max_size=5)
