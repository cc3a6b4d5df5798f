"""An agent of LangChain's with a memory that does not end: pip install fovea-memory[langchain] langchain-openai."""

from langchain.agents import create_agent

from fovea import Fovea
from fovea.adapters.langchain import FoveaMiddleware


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


session = Fovea.local().session("langchain", model="gpt-4o", budget=8_000)
agent = create_agent("openai:gpt-4o", [add], middleware=[FoveaMiddleware(session)])
print(agent.invoke({"messages": [{"role": "user", "content": "What is 2 and 3?"}]})["messages"][-1].content)
