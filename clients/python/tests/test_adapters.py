"""Agents of real frameworks live through their adapters against the strict model, and do what they do without them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from conftest import StrictModel
from lives import Served, look_up

from fovea import Fovea, Session

# FOVEA_ADAPTERS=all: more than CI's one adapter.
ALL = os.environ.get("FOVEA_ADAPTERS") == "all"
# Some frameworks make fewer turns of a question than LangChain.
QUESTIONS = 20 if ALL else 16


def langchain(model: StrictModel, session: Session | None) -> None:
    """LangChain's create_agent."""
    agents = pytest.importorskip("langchain.agents")
    openai = pytest.importorskip("langchain_openai")
    chat = openai.ChatOpenAI(model="gpt-4o", base_url=f"{model.url}/v1", api_key="none", max_retries=0, streaming=True)
    middleware = []
    if session is not None:
        from fovea.adapters.langchain import FoveaMiddleware

        middleware = [FoveaMiddleware(session)]
    agent = agents.create_agent(chat, [look_up], system_prompt="Be good.", middleware=middleware)
    messages: list[Any] = []
    for number in range(QUESTIONS):
        messages.append({"role": "user", "content": f"Question {number}?"})
        messages = agent.invoke({"messages": messages}, {"recursion_limit": 100})["messages"]
        assert messages[-1].content.strip()


def openai_agents(model: StrictModel, session: Session | None) -> None:
    """The OpenAI Agents SDK."""
    import asyncio

    agents = pytest.importorskip("agents")
    from openai import AsyncOpenAI

    agents.set_tracing_disabled(True)

    async def run() -> None:
        client = AsyncOpenAI(base_url=f"{model.url}/v1", api_key="none", max_retries=0)
        tools = [agents.function_tool(look_up)]
        config = agents.RunConfig()
        if session is not None:
            from fovea.adapters.openai_agents import FoveaFilter, fovea_tools

            tools += fovea_tools(session)
            config.call_model_input_filter = FoveaFilter(session)
        wire = agents.OpenAIResponsesModel("gpt-5.6", client)
        agent = agents.Agent(name="a", instructions="Be good.", model=wire, tools=tools)
        items: list[Any] = []
        for number in range(QUESTIONS):
            items.append({"role": "user", "content": f"Question {number}?"})
            result = agents.Runner.run_streamed(agent, items, run_config=config, max_turns=50)
            async for _ in result.stream_events():
                pass
            assert str(result.final_output).strip()
            items = result.to_input_list()

    asyncio.run(run())


def pydantic_ai(model: StrictModel, session: Session | None) -> None:
    """Pydantic AI."""
    pytest.importorskip("pydantic_ai")
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    chat = OpenAIChatModel("gpt-4o", provider=OpenAIProvider(base_url=f"{model.url}/v1", api_key="none"))
    options: dict[str, Any] = {"tools": [look_up]}
    if session is not None:
        from fovea.adapters.pydantic_ai import FoveaHistory, fovea_tools

        options = {"tools": [look_up, *fovea_tools(session)], "capabilities": [FoveaHistory(session)]}
    agent = Agent(chat, instructions="Be good.", **options)
    history: list[Any] = []

    async def streams(_: Any, events: Any) -> None:
        async for _ in events:
            pass

    for number in range(QUESTIONS):
        result = agent.run_sync(f"Question {number}?", message_history=history, event_stream_handler=streams)
        assert result.output.strip()
        history = result.all_messages()


def google_adk(model: StrictModel, session: Session | None) -> None:
    """Google ADK."""
    import asyncio

    pytest.importorskip("google.adk")
    from google.adk.agents import Agent
    from google.adk.agents.run_config import RunConfig, StreamingMode
    from google.adk.apps import App
    from google.adk.models.google_llm import Gemini
    from google.adk.runners import InMemoryRunner
    from google.genai import types

    async def run() -> None:
        tools: list[Any] = [look_up]
        plugins: list[Any] = []
        if session is not None:
            from fovea.adapters.google_adk import FoveaPlugin, fovea_tools

            tools += fovea_tools(session)
            plugins = [FoveaPlugin(session)]
        wire = Gemini(model="gemini-3-flash", base_url=model.url)
        agent = Agent(name="a", model=wire, instruction="Be good.", tools=tools)
        runner = InMemoryRunner(app=App(name="app", root_agent=agent, plugins=plugins))
        await runner.session_service.create_session(app_name="app", user_id="u", session_id="s")
        config = RunConfig(streaming_mode=StreamingMode.SSE, max_llm_calls=50)
        for number in range(QUESTIONS):
            asked = types.UserContent(f"Question {number}?")
            said = [
                part.text
                async for event in runner.run_async(user_id="u", session_id="s", new_message=asked, run_config=config)
                if event.is_final_response() and event.content
                for part in event.content.parts or []
            ]
            assert any(said)
        await runner.close()

    os.environ.setdefault("GOOGLE_API_KEY", "none")
    asyncio.run(run())


def smolagents(model: StrictModel, session: Session | None) -> None:
    """smolagents' ToolCallingAgent."""
    pytest.importorskip("smolagents")
    from smolagents import LogLevel, OpenAIModel, ToolCallingAgent, tool

    chat: Any = OpenAIModel("gpt-4o", api_base=f"{model.url}/v1", api_key="none")
    tools: list[Any] = [tool(look_up)]
    if session is not None:
        from fovea.adapters.smolagents import FoveaModel, fovea_tools

        chat = FoveaModel(chat, session)
        tools += fovea_tools(session)
    agent = ToolCallingAgent(tools, chat, stream_outputs=True, verbosity_level=LogLevel.OFF, max_steps=50)
    for number in range(QUESTIONS):
        assert str(agent.run(f"Question {number}?", reset=number == 0)).strip()


def autogen(model: StrictModel, session: Session | None) -> None:
    """AutoGen's AssistantAgent."""
    import asyncio

    pytest.importorskip("autogen_agentchat")
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    async def run() -> None:
        client = OpenAIChatCompletionClient(model="gpt-4o", base_url=f"{model.url}/v1", api_key="none")
        options: dict[str, Any] = {"tools": [look_up]}
        if session is not None:
            from fovea.adapters.autogen import FoveaContext, fovea_tools

            options = {"tools": [look_up, *fovea_tools(session)], "model_context": FoveaContext(session)}
        agent = AssistantAgent(
            "a", client, system_message="Be good.", model_client_stream=True, max_tool_iterations=50, **options
        )
        for number in range(QUESTIONS):
            result = await agent.run(task=f"Question {number}?")
            assert result.messages[-1].to_text().strip()
        await client.close()

    asyncio.run(run())


def ag2(model: StrictModel, session: Session | None) -> None:
    """AG2's Agent."""
    import asyncio

    pytest.importorskip("ag2")
    from ag2 import Agent
    from ag2.config import OpenAIConfig

    async def run() -> None:
        chat = OpenAIConfig(
            model="gpt-4o", base_url=f"{model.url}/v1", api_key="none", streaming=True, max_retries=0, timeout=60
        )
        options: dict[str, Any] = {"tools": [look_up]}
        if session is not None:
            from fovea.adapters.ag2 import FoveaPolicy, fovea_tools

            options = {"tools": [look_up, *fovea_tools(session)], "assembly": [FoveaPolicy(session)]}
        agent = Agent("a", prompt="Be good.", config=chat, **options)
        reply: Any = agent
        for number in range(QUESTIONS):
            reply = await reply.ask(f"Question {number}?")
            assert (reply.body or "").strip()

    asyncio.run(run())


LIVES: dict[str, tuple[str, Callable[[StrictModel, Session | None], None]]] = {
    "langchain": ("gpt-4o", langchain),
    "openai-agents": ("gpt-5.6", openai_agents),
    "pydantic-ai": ("gpt-4o", pydantic_ai),
    "google-adk": ("gemini-3-flash", google_adk),
    "smolagents": ("gpt-4o", smolagents),
    "autogen": ("gpt-4o", autogen),
    "ag2": ("gpt-4o", ag2),
}


@pytest.mark.parametrize("name", LIVES)
def test_adapter(fovea: Fovea, model: StrictModel, name: str) -> None:
    if name != "langchain" and not ALL:
        pytest.skip("FOVEA_ADAPTERS=all runs it")
    reader, life = LIVES[name]
    session = fovea.session(f"adapter-{name}", model=reader, budget=6000)
    watched = Served(session)
    life(model, session)
    served = model.stats()
    watched.check(name, session, served)
    assert session.id == f"adapter-{name}"  # never forked: the history was seen to grow only
    assert served["streamed"] > 0
    # The same agent without Fovea makes the same calls.
    model.reset()
    life(model, None)
    plain = model.stats()
    assert plain["refused"] == []
    assert plain["calls"] == served["calls"]
