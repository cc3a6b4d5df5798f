"""What the scenarios of @modelcontextprotocol/conformance call: tools, resources and prompts of the suite's own server.

Beside Fovea's own on the same server, they show that what the protocol may carry passes its HTTP, token and checks.
"""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from typing import Any, Literal

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    AudioContent,
    Completion,
    EmbeddedResource,
    ImageContent,
    SamplingMessage,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel, Field


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    + _chunk(b"IEND", b"")
)
_WAV = b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
_WAV += b"data" + struct.pack("<I", 0)


def _image() -> ImageContent:
    return ImageContent(type="image", data=base64.b64encode(_PNG).decode(), mime_type="image/png")


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(type="resource", resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


class Person(BaseModel):
    username: str = Field(description="User's response")
    email: str = Field(description="User's email address")


class Defaults(BaseModel):
    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


def _titled(values: list[str], titles: list[str]) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in zip(values, titles, strict=True)]


_VALUES = ["value1", "value2", "value3"]
_OPTIONS = ["First", "Second", "Third"]


class Enums(BaseModel):
    untitledSingle: str = Field(json_schema_extra={"enum": ["option1", "option2", "option3"]})  # noqa: N815
    titledSingle: str = Field(json_schema_extra={"oneOf": _titled(_VALUES, _OPTIONS)})  # type: ignore[dict-item]  # noqa: N815
    legacyEnum: str = Field(json_schema_extra={"enum": ["opt1", "opt2", "opt3"], "enumNames": [*_OPTIONS]})  # noqa: N815
    untitledMulti: list[Literal["option1", "option2", "option3"]]  # noqa: N815
    titledMulti: list[str] = Field(json_schema_extra={"items": {"anyOf": _titled(_VALUES, _OPTIONS)}})  # type: ignore[dict-item]  # noqa: N815


def add_fixtures(server: MCPServer[Any]) -> None:
    """Adds them to a server."""
    _add_tools(server)
    _add_questions(server)
    _add_resources(server)
    _add_prompts(server)


def _add_tools(server: MCPServer[Any]) -> None:
    plain: dict[str, Any] = {"structured_output": False}

    @server.tool(description="A text", **plain)
    async def test_simple_text() -> str:
        return "This is a simple text response for testing."

    @server.tool(description="An image", **plain)
    async def test_image_content() -> list[ImageContent]:
        return [_image()]

    @server.tool(description="A sound", **plain)
    async def test_audio_content() -> list[AudioContent]:
        return [AudioContent(type="audio", data=base64.b64encode(_WAV).decode(), mime_type="audio/wav")]

    @server.tool(description="A resource", **plain)
    async def test_embedded_resource() -> list[EmbeddedResource]:
        return [_embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")]

    @server.tool(description="Several", **plain)
    async def test_multiple_content_types() -> list[Any]:
        said = TextContent(type="text", text="Multiple content types test:")
        held = json.dumps({"test": "data", "value": 123})
        return [said, _image(), _embedded("test://mixed-content-resource", "application/json", held)]

    @server.tool(description="An error", **plain)
    async def test_error_handling() -> str:
        raise ValueError("This tool intentionally returns an error for testing")

    @server.tool(description="Progress", **plain)
    async def test_tool_with_progress(ctx: Context[Any, Any]) -> str:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await asyncio.sleep(0.05)
        return "done"


def _add_questions(server: MCPServer[Any]) -> None:
    plain: dict[str, Any] = {"structured_output": False}

    @server.tool(description="Asks the client's model", **plain)
    async def test_sampling(prompt: str, ctx: Context[Any, Any]) -> str:
        asked = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
        answer = await ctx.session.create_message(messages=[asked], max_tokens=100)
        return f"LLM response: {answer.content}"

    @server.tool(description="Asks the user", **plain)
    async def test_elicitation(message: str, ctx: Context[Any, Any]) -> str:
        return f"User response: {await ctx.elicit(message, Person)}"

    @server.tool(description="Asks the user, with defaults", **plain)
    async def test_elicitation_sep1034_defaults(ctx: Context[Any, Any]) -> str:
        return f"Elicitation completed: {await ctx.elicit('Please tell', Defaults)}"

    @server.tool(description="Asks the user to choose", **plain)
    async def test_elicitation_sep1330_enums(ctx: Context[Any, Any]) -> str:
        return f"Elicitation completed: {await ctx.elicit('Please choose', Enums)}"


def _add_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", name="static text", description="A text", mime_type="text/plain")
    async def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", name="static binary", description="A picture", mime_type="image/png")
    async def static_binary() -> bytes:
        return _PNG

    @server.resource(
        "test://template/{id}/data", name="template", description="By its id", mime_type="application/json"
    )
    async def template(id: str) -> str:  # noqa: A002
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="A prompt")
    def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="A prompt with arguments")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="A prompt with a resource")
    def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
        held = _embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [UserMessage(held), UserMessage("Please process the embedded resource above.")]

    @server.prompt(description="A prompt with a picture")
    def test_prompt_with_image() -> list[UserMessage]:
        return [UserMessage(_image()), UserMessage("Please analyze the image above.")]

    @server.completion()  # type: ignore[no-untyped-call,untyped-decorator]
    async def complete(ref: Any, argument: Any, context: Any) -> Completion:
        return Completion(values=[value for value in ("paris", "park", "test") if value.startswith(argument.value)])
