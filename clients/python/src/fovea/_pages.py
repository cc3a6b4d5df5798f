"""Pages that the client holds, and how they get into a payload."""

from __future__ import annotations

import base64
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fovea.formats import Format

_REFERENCE = "fovea:page/"
_DATA_URL = "data:image/png;base64,"


class PageCache:
    """Pages in base64, so that the bytes of a page travel and are encoded once. Thread-safe.

    Page ids are digests of what is drawn, so all sessions of a client share it.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._pages: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, page_id: str) -> tuple[str, str] | None:
        """The page in base64, and as a data URL."""
        with self._lock:
            page = self._pages.get(page_id)
            if page is not None:
                self._pages.move_to_end(page_id)
            return page

    def put(self, page_id: str, encoded: str) -> tuple[str, str]:
        page = (encoded, _DATA_URL + encoded)
        with self._lock:
            if page_id not in self._pages:
                self._pages[page_id] = page
                self._bytes += 2 * len(encoded)
                # The newest stays, however large it is.
                while self._bytes > self._max_bytes and len(self._pages) > 1:
                    _, (gone, _) = self._pages.popitem(last=False)
                    self._bytes -= 2 * len(gone)
        return page

    def held(self, page_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Those of `page_ids` that are here. What it gives stays valid, whatever leaves the cache later."""
        found = {}
        for page_id in page_ids:
            page = self.get(page_id)
            if page is not None:
                found[page_id] = page
        return found


@dataclass
class _Picture:
    """An image in a payload."""

    page_id: str | None  # of a reference
    data: str | None  # of an image in place, base64
    is_png: bool
    fill: Callable[[tuple[str, str]], None]  # puts a page in the place of a reference


def _from_url(url: str, fill: Callable[[tuple[str, str]], None]) -> _Picture:
    if url.startswith(_REFERENCE):
        return _Picture(url[len(_REFERENCE) :], None, True, fill)
    head, _, data = url.partition(",")
    return _Picture(None, data, head == "data:image/png;base64", fill)


def _setter(holder: dict[str, Any], key: str) -> Callable[[tuple[str, str]], None]:
    def fill(page: tuple[str, str]) -> None:
        holder[key] = page[1]

    return fill


def _chat(payload: dict[str, Any]) -> Iterator[_Picture]:
    for message in payload["messages"]:
        content = message.get("content")
        if not isinstance(content, list):
            continue
        for part in content:
            if part["type"] == "image_url":
                image = part["image_url"]
                yield _from_url(image["url"], _setter(image, "url"))


def _responses(payload: dict[str, Any]) -> Iterator[_Picture]:
    for item in payload["input"]:
        content = item.get("content") if "content" in item else item.get("output")
        if not isinstance(content, list):
            continue
        for part in content:
            if part.get("type") == "input_image" and "image_url" in part:
                yield _from_url(part["image_url"], _setter(part, "image_url"))


def _anthropic_blocks(content: Any) -> Iterator[_Picture]:
    if not isinstance(content, list):
        return
    for block in content:
        kind = block.get("type")
        if kind == "tool_result":
            yield from _anthropic_blocks(block.get("content"))
        elif kind == "image":
            source = block["source"]
            if source["type"] == "url":
                if source["url"].startswith(_REFERENCE):

                    def fill(page: tuple[str, str], block: dict[str, Any] = block) -> None:
                        block["source"] = {"type": "base64", "media_type": "image/png", "data": page[0]}

                    yield _Picture(source["url"][len(_REFERENCE) :], None, True, fill)
            elif source["type"] == "base64":
                yield _Picture(None, source["data"], source["media_type"] == "image/png", lambda page: None)


def _anthropic(payload: dict[str, Any]) -> Iterator[_Picture]:
    for message in payload["messages"]:
        yield from _anthropic_blocks(message["content"])


def _gemini(payload: dict[str, Any]) -> Iterator[_Picture]:
    for content in payload["contents"]:
        for index, part in enumerate(content["parts"]):
            inline = part.get("inlineData")
            if inline is not None:
                yield _Picture(None, inline["data"], inline["mimeType"] == "image/png", lambda page: None)
                continue
            file = part.get("fileData")
            if file is None or not file["fileUri"].startswith(_REFERENCE):
                continue

            def fill(page: tuple[str, str], parts: list[Any] = content["parts"], index: int = index) -> None:
                rest = {key: value for key, value in parts[index].items() if key != "fileData"}
                parts[index] = {"inlineData": {"mimeType": "image/png", "data": page[0]}, **rest}

            yield _Picture(file["fileUri"][len(_REFERENCE) :], None, True, fill)


_WALKS: dict[Format, Callable[[dict[str, Any]], Iterator[_Picture]]] = {
    "openai-chat": _chat,
    "vllm": _chat,
    "deepseek": _chat,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
}


def _png_size(encoded: str) -> tuple[int, int] | None:
    head = base64.b64decode(encoded[:32])
    if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@dataclass(frozen=True)
class ServedPage:
    """A page as the summary of a context lists it."""

    page_id: str
    width: int
    height: int


def fill_references(
    payload: dict[str, Any],
    format: Format,  # noqa: A002
    held: dict[str, tuple[str, str]],
    served: list[ServedPage],
    cache: PageCache,
) -> list[str]:
    """Puts held pages in the place of their references, and takes new pages into the cache.

    Gives the ids of new pages that could not be told from other pictures in the payload, so that they must be fetched
    by id to be held.
    """
    new_pictures: list[str] = []
    for picture in list(_WALKS[format](payload)):
        if picture.page_id is not None:
            # What refers to no page that is held is a URL of the conversation's own.
            if picture.page_id in held:
                picture.fill(held[picture.page_id])
        elif picture.data is not None and picture.is_png:
            new_pictures.append(picture.data)
    new = [page for page in served if page.page_id not in held]
    if not new:
        return []
    # The payload does not name the pages that it has, but has them in the summary's order. Only where every PNG is a
    # page of the very size that is expected in its place is that certain.
    if len(new) == len(new_pictures) and all(
        _png_size(data) == (page.width, page.height) for page, data in zip(new, new_pictures, strict=True)
    ):
        for page, data in zip(new, new_pictures, strict=True):
            cache.put(page.page_id, data)
        return []
    return [page.page_id for page in new]
