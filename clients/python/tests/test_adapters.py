"""Agents of real frameworks live through their adapters against the strict model, and do what they do without them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from conftest import StrictModel
from lives import look_up

from fovea import Fovea, Session

# FOVEA_ADAPTERS=all: more than CI's one adapter.
ALL = os.environ.get("FOVEA_ADAPTERS") == "all"
QUESTIONS = 16


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
    for number in range(QUESTIONS):
        result = agent.run_sync(f"Question {number}?", message_history=history)
        assert result.output.strip()
        history = result.all_messages()


LIVES: dict[str, tuple[str, Callable[[StrictModel, Session | None], None]]] = {
    "langchain": ("gpt-4o", langchain),
    "openai-agents": ("gpt-5.6", openai_agents),
    "pydantic-ai": ("gpt-4o", pydantic_ai),
}


@pytest.mark.parametrize("name", LIVES)
def test_adapter(fovea: Fovea, model: StrictModel, name: str) -> None:
    if name != "langchain" and not ALL:
        pytest.skip("FOVEA_ADAPTERS=all runs it")
    reader, life = LIVES[name]
    session = fovea.session(f"adapter-{name}", model=reader, budget=6000)
    life(model, session)
    served = model.stats()
    assert served["refused"] == []
    context = session.last_context
    assert context is not None and context.epoch >= 3 and served["pictures"] > 0
    assert served["breaks"] <= context.epoch
    assert session.info().last_seq >= 120
    exact = session.recall(4)
    assert served["recalls"] and len(served["recalls"]) == served["recalls_asked"]
    assert all(exact in text for text in served["recalls"])
    assert session.id == f"adapter-{name}"  # never forked: the history was seen to grow only
    assert any(len(calls) == 2 for calls in served["calls"])
    # The same agent without Fovea makes the same calls.
    model.reset()
    life(model, None)
    plain = model.stats()
    assert plain["refused"] == []
    assert plain["calls"] == served["calls"]
    assert served["largest"] > 0
