"""A scripted model behind four providers' wires, as strict as they are: for tests of clients and adapters.

    python3 strict_model.py        prints its base URL, and serves until its standard input ends

POST /v1/chat/completions, /v1/responses, /v1/messages and /v1beta/models/NAME:generateContent answer by a script that
knows only how many steps there were: mostly calls of the first tool that is not Fovea's, two at once in some steps, a
text in every fourth, and now and then a recall, which is no step. A request that its provider would refuse gets 400.
GET /stats tells what came; POST /reset begins again.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import strict_rules

TEXT_EVERY = 4
RECALL_EVERY = 11
RECALLED_TURN = 4
_OURS = ("recall", "search")


class Script:
    """What was asked and what was answered. Guarded by `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.steps = 0
        self.requests = 0
        self.streamed = 0
        self.refused: list[str] = []
        self.calls: list[list[str]] = []  # by step: name and arguments of each call
        self.results: dict[str, str] = {}  # of recalls, by id
        self.breaks: list[int] = []  # requests, counted from 0, that do not begin with the one before
        self.largest = 0  # bytes of a request
        self.pictures = 0  # most in a request
        self._before: list[str] = []
        self._recalled_at = -1
        self._recalls: set[str] = set()

    def see(self, conversation: strict_rules.Conversation, size: int) -> None:
        """Takes note of a request that is right."""
        digests = [
            hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest() for item in conversation.canonical
        ]
        # The last message may go on in the next request.
        stable = self._before[:-1]
        if digests[: len(stable)] != stable:
            self.breaks.append(self.requests - 1)
        self._before = digests
        self.largest = max(self.largest, size)
        self.pictures = max(self.pictures, conversation.pictures)
        for call_id, text in conversation.results:
            if call_id in self._recalls:
                self.results[call_id] = text

    def next(self, tools: list[str]) -> tuple[str, list[tuple[str, str, dict[str, Any]]]]:
        """Text, and calls: (id, name, arguments)."""
        own = [name for name in tools if name not in _OURS]
        due = self.steps % RECALL_EVERY == RECALL_EVERY - 1 and self._recalled_at != self.steps
        if "recall" in tools and due:
            self._recalled_at = self.steps
            call_id = f"call_recall_{self.steps}"
            self._recalls.add(call_id)
            return "", [(call_id, "recall", {"seq": RECALLED_TURN})]
        self.steps += 1
        step = self.steps
        if step % TEXT_EVERY == 0 or not own:
            self.calls.append([])
            text = f"Answer {step}: done."
            # smolagents has a tool for what others say in a text.
            return ("", [(f"call_{step}_0", "final_answer", {"answer": text})]) if "final_answer" in own else (text, [])
        count = 2 if step % 3 == 0 else 1
        calls = [(f"call_{step}_{i}", own[0], {"query": f"item {step}.{i}"}) for i in range(count)]
        self.calls.append([f"{name} {json.dumps(arguments)}" for _, name, arguments in calls])
        return f"Step {step}.", calls

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "steps": self.steps,
            "streamed": self.streamed,
            "refused": self.refused,
            "calls": self.calls,
            "recalls": [self.results[key] for key in sorted(self.results)],
            "recalls_asked": len(self._recalls),
            "breaks": self.breaks,
            "largest": self.largest,
            "pictures": self.pictures,
        }


def chat_answer(n: int, text: str, calls: list[Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for call_id, name, arguments in calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {
        "id": f"chatcmpl-{n}",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [choice],
        "usage": usage,
    }


def chat_events(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    message = answer["choices"][0]["message"]
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    for word in (message["content"] or "").split(" "):
        deltas.append({"content": word + " "})
    for index, call in enumerate(message.get("tool_calls", [])):
        head = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
        deltas.append({"tool_calls": [head]})
        rest = {"index": index, "function": {"arguments": call["function"]["arguments"]}}
        deltas.append({"tool_calls": [rest]})
    shell = {"id": answer["id"], "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    events: list[tuple[str, Any]] = [
        ("", {**shell, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}) for delta in deltas
    ]
    reason = answer["choices"][0]["finish_reason"]
    events.append(("", {**shell, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
    events.append(("", {**shell, "choices": [], "usage": answer["usage"]}))
    events.append(("", "[DONE]"))
    return events


def responses_answer(n: int, text: str, calls: list[Any]) -> dict[str, Any]:
    output: list[dict[str, Any]] = []
    if text:
        said = {"type": "output_text", "text": text, "annotations": []}
        output.append(
            {"type": "message", "id": f"msg_{n}", "role": "assistant", "status": "completed", "content": [said]}
        )
    for call_id, name, arguments in calls:
        output.append(
            {
                "type": "function_call",
                "id": f"fc_{call_id}",
                "call_id": call_id,
                "name": name,
                "arguments": json.dumps(arguments),
                "status": "completed",
            }
        )
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": f"resp_{n}",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "scripted",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "temperature": 1,
        "top_p": 1,
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, **details},
    }


def responses_events(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**answer, "output": [], "status": "in_progress", "usage": None}}
    ]
    for index, item in enumerate(answer["output"]):
        where = {"output_index": index, "item_id": item["id"]}
        events.append(
            {"type": "response.output_item.added", "output_index": index, "item": {**item, "status": "in_progress"}}
        )
        if item["type"] == "message":
            part = item["content"][0]
            at = {**where, "content_index": 0}
            events.append({"type": "response.content_part.added", **at, "part": {**part, "text": ""}})
            events.append({"type": "response.output_text.delta", **at, "delta": part["text"], "logprobs": []})
            events.append({"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []})
            events.append({"type": "response.content_part.done", **at, "part": part})
        else:
            arguments = item["arguments"]
            events.append({"type": "response.function_call_arguments.delta", **where, "delta": arguments})
            events.append(
                {
                    "type": "response.function_call_arguments.done",
                    **where,
                    "arguments": arguments,
                    "name": item["name"],
                }
            )
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": answer})
    return [(event["type"], {**event, "sequence_number": i}) for i, event in enumerate(events)]


def anthropic_answer(n: int, text: str, calls: list[Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    content += [
        {"type": "tool_use", "id": call_id, "name": name, "input": arguments} for call_id, name, arguments in calls
    ]
    return {
        "id": f"msg_{n}",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }


def anthropic_events(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**answer, "content": [], "stop_reason": None}}
    ]
    for index, block in enumerate(answer["content"]):
        if block["type"] == "text":
            start, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            start = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": 5}})
    events.append({"type": "message_stop"})
    return [(event["type"], event) for event in events]


def gemini_answer(n: int, text: str, calls: list[Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": text}] if text else []
    parts += [
        {"functionCall": {"id": call_id, "name": name, "args": arguments}, "thoughtSignature": "c2ln"}
        for call_id, name, arguments in calls
    ]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15},
        "modelVersion": "scripted",
        "responseId": f"r{n}",
    }


def gemini_events(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("", answer)]


_WIRES = {
    "chat": (strict_rules.chat, chat_answer, chat_events),
    "responses": (strict_rules.responses, responses_answer, responses_events),
    "anthropic": (strict_rules.anthropic, anthropic_answer, anthropic_events),
    "gemini": (strict_rules.gemini, gemini_answer, gemini_events),
}


def wire_of(path: str) -> str | None:
    if path.endswith("/chat/completions"):
        return "chat"
    if path.endswith("/responses"):
        return "responses"
    if path.endswith("/messages"):
        return "anthropic"
    return "gemini" if ":generateContent" in path or ":streamGenerateContent" in path else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script = Script()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _send(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: list[tuple[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, event in events:
            if name:
                self.wfile.write(f"event: {name}\n".encode())
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"data: {data}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def do_GET(self) -> None:
        with self.script.lock:
            self._send(200, self.script.stats())

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        script = self.script
        if path == "/reset":
            with script.lock:
                script.reset()
            self._send(200, {})
            return
        wire = wire_of(path)
        if wire is None:
            self._send(404, {"error": {"message": f"no such path: {path}"}})
            return
        read, answer, events = _WIRES[wire]
        with script.lock:
            script.requests += 1
            body: dict[str, Any] = {}
            try:
                body = json.loads(data)
                conversation = read(body)
            except (strict_rules.Refused, ValueError, KeyError, TypeError) as error:
                problem = f"{type(error).__name__}: {error}"
                script.refused.append(problem)
                self._send(400, {"error": {"type": "invalid_request_error", "message": problem, "code": 400}})
                return
            script.see(conversation, len(data))
            text, calls = script.next(conversation.tools)
            made = answer(script.requests, text, calls)
            streams = bool(body.get("stream")) or "stream" in path.lower().rsplit(":", 1)[-1]
            script.streamed += streams
        if streams:
            self._stream(events(made))
        else:
            self._send(200, made)


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
