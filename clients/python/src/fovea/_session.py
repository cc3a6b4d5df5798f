"""What a session does, as steps that both clients drive (_rpc.py)."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from fovea import _answers, _history, errors
from fovea import _rpc as rpc
from fovea._checked import check_text, checked, one_of
from fovea._pages import PageCache, ServedPage, fill_references
from fovea._rpc import Pause, Steps, ask, ask_stream
from fovea.context import Context
from fovea.formats import POLICIES, SHAPES, WIRE, Format, PolicyName, Shape, format_of
from fovea.shapes import MessageReader, well_formed
from fovea.v1 import context_pb2, reader_pb2, session_pb2, turn_pb2

# What an append may hold (docs/OPERATIONS.md): turns, and bytes with room for the rest of the message.
_APPEND_TURNS = 10_000
_APPEND_BYTES = 60 << 20
_HELD_IDS = 1024
_INDEX_SECONDS = 10.0  # the most that a search waits for what this client has just appended
_INDEX_PAUSE = 0.05
_INDEX_LONGEST_PAUSE = 0.5


@dataclass(frozen=True)
class SearchHit:
    """A turn that a search found."""

    seq: int
    role: str
    snippet: str


@dataclass(frozen=True)
class Picture:
    """A picture that a turn holds."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class TurnText:
    """What a turn holds, or a range of it."""

    seq: int
    role: str
    text: str
    """Bytes that are no UTF-8 are written as \\xHH."""
    total_bytes: int
    """Of the whole turn's text, in UTF-8."""
    pictures: list[Picture]
    """Those whose notes, such as "[image 1: image/png, ...]", begin within the range."""


@dataclass(frozen=True)
class SyncResult:
    """What sync() did."""

    appended: int
    """Turns that were new."""
    forked_from: str | None
    """The session before, if the history had been changed and the session became a fork of it."""


@dataclass(frozen=True)
class Options:
    """Of a session; each can be named again in a call."""

    model: str | None = None
    reader: str | None = None
    budget: int | None = None
    format: Format | None = None
    shape: Shape | None = None
    policy: PolicyName | context_pb2.Policy | None = None
    recall_bytes: int = 65_536
    """The most that one recall gives."""

    def __post_init__(self) -> None:
        if isinstance(self.recall_bytes, bool) or not isinstance(self.recall_bytes, int) or self.recall_bytes < 1:
            raise errors.InvalidArgumentError("recall_bytes: a whole number of at least 1 is expected")
        if self.shape is not None:
            one_of("shape", self.shape, dict.fromkeys(SHAPES))
        policy_of(self.policy)
        if self.format is not None:
            wire_of(self.format)


@dataclass(frozen=True)
class Look:
    """How a call looks at the session, in the place of what the session was made with."""

    model: str | None = None
    reader: str | None = None
    budget: int | None = None
    policy: PolicyName | context_pb2.Policy | None = None
    as_of_seq: int = 0


def policy_of(policy: PolicyName | context_pb2.Policy | None) -> context_pb2.Policy | None:
    """A policy by its name, or as it is."""
    if policy is None or isinstance(policy, context_pb2.Policy):
        return policy
    return context_pb2.Policy(name=one_of("policy", policy, POLICIES))


def wire_of(format: Format) -> context_pb2.WireFormat:  # noqa: A002
    return one_of("format", format, WIRE)


def _now_us() -> int:
    return time.time_ns() // 1000


def role_name(role: int) -> str:
    return turn_pb2.Role.Name(role).removeprefix("ROLE_").lower()


class SessionCore:
    """The state of one session in a client. Not thread-safe: a session is one conversation."""

    def __init__(self, session_id: str, options: Options, cache: PageCache) -> None:
        self.id = session_id
        self.options = options
        self._cache = cache
        self._reader = MessageReader(options.shape)
        self._tools: dict[Format, str] = {}
        # Pages that contexts of this session had; the newest last.
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._digests: list[bytes] | None = None  # of all its turns; None: not known yet
        self._last_seq = 0  # the newest turn that this client appended
        self.last_context: Context | None = None

    # -- writing

    def append(
        self,
        messages: Any,
        shape: Shape | None,
        time_us: int | None,
        idempotency_key: str | None,
        agent_id: str,
    ) -> Steps[tuple[int, int]]:
        turns = self._reader.read_all(messages, shape)
        return (yield from self._append_turns(turns, time_us, idempotency_key, agent_id))

    def _append_turns(
        self, turns: list[turn_pb2.Turn], time_us: int | None, key: str | None, agent_id: str = ""
    ) -> Steps[tuple[int, int]]:
        if not turns:
            return (0, 0)
        # A key of the caller's may come again in another process, which must then send the very same turns.
        stamp = time_us if time_us is not None else (0 if key else _now_us())
        extra = checked(turn_pb2.Turn, time_us=stamp, agent_id=agent_id)
        for turn in turns:
            turn.time_us = turn.time_us or extra.time_us
            if agent_id:
                turn.agent_id = agent_id
        key = key or uuid.uuid4().hex
        first = last = 0
        batches = _batches(turns)
        for index, batch in enumerate(batches):
            request = checked(
                session_pb2.AppendTurnsRequest,
                session_id=self.id,
                turns=batch,
                idempotency_key=key if len(batches) == 1 else f"{key}/{index}",
            )
            answer = yield from ask(rpc.APPEND_TURNS, request)
            first = first or answer.first_seq
            last = self._last_seq = answer.last_seq
            self._appended(batch, answer)
        return (first, last)

    def _appended(self, batch: list[turn_pb2.Turn], answer: session_pb2.AppendTurnsResponse) -> None:
        if self._digests is None:
            return
        if answer.first_seq == len(self._digests) + 1:
            self._digests.extend(_history.digest(turn) for turn in batch)
        elif answer.last_seq > len(self._digests):
            self._digests = None  # somebody else wrote, too

    def sync(self, messages: Any, shape: Shape | None) -> Steps[SyncResult]:
        reader = MessageReader(shape or self._reader.shape)
        given = reader.read_all(messages, shape)
        self._reader = reader
        digests = [_history.digest(turn) for turn in given]
        if self._digests is None:
            self._digests = yield from self._read_digests()
        shared = _history.common(self._digests, digests)
        forked_from = None
        if shared < len(self._digests):
            forked_from = yield from self._branch(shared)
        try:
            yield from self._append_turns(given[shared:], None, None)
        except errors.FoveaError:
            self._digests = None  # what of it arrived is not known
            raise
        return SyncResult(len(given) - shared, forked_from)

    def _read_digests(self) -> Steps[list[bytes]]:
        session = yield from ask(rpc.GET_SESSION, session_pb2.GetSessionRequest(session_id=self.id))
        if session.last_seq == 0:
            return []
        request = session_pb2.ReadTurnsRequest(
            session_id=self.id, range=turn_pb2.SeqRange(first=1, last=session.last_seq)
        )
        answers = yield from ask_stream(rpc.READ_TURNS, request)
        return [_history.digest(turn) for answer in answers for turn in answer.turns]

    def _branch(self, shared: int) -> Steps[str]:
        """The history was edited: goes on in a new session that shares the turns before the edit."""
        before = self.id
        stem = before.rsplit("~", 1)[0][:180]
        self.id = f"{stem}~{uuid.uuid4().hex[:8]}"
        if shared > 0:
            request = session_pb2.ForkSessionRequest(session_id=before, at_seq=shared, new_session_id=self.id)
            yield from fork_as(request)
        else:
            yield from open_session(self.id)
        assert self._digests is not None
        del self._digests[shared:]
        self._last_seq = shared
        return before

    # -- reading

    def view(self, look: Look) -> context_pb2.View:
        name = look.reader or look.model or self.options.reader or self.options.model
        if not name:
            raise errors.InvalidArgumentError("model: name one here or when the session is made")
        tokens = look.budget if look.budget is not None else self.options.budget
        if tokens is None:
            raise errors.InvalidArgumentError("budget: name one here or when the session is made")
        policy = look.policy if look.policy is not None else self.options.policy
        return checked(
            context_pb2.View,
            session_id=self.id,
            reader=name,
            token_budget=tokens,
            as_of_seq=look.as_of_seq,
            policy=policy_of(policy),
        )

    def format(self, model: str | None, format: Format | None) -> Format:  # noqa: A002
        chosen = format or self.options.format
        if chosen is not None:
            wire_of(chosen)
            return chosen
        named = model or self.options.model
        return format_of(self._reader.shape or "openai-chat", named if isinstance(named, str) else "")

    def context(self, look: Look, format: Format | None) -> Steps[Context]:  # noqa: A002
        view = self.view(look)
        wire = self.format(look.model, format)
        held = self._cache.held(self._seen)
        request = context_pb2.BuildContextRequest(view=view, format=wire_of(wire), held_page_ids=held)
        answer = yield from ask(rpc.BUILD_CONTEXT, request)
        payload = cast("dict[str, Any]", json.loads(answer.payload))
        served = []
        for page in answer.summary.pages:
            served.append(ServedPage(page.page_id, page.width, page.height))
            self._seen[page.page_id] = None
            self._seen.move_to_end(page.page_id)
        while len(self._seen) > max(_HELD_IDS, len(served)):
            self._seen.popitem(last=False)
        for page_id in fill_references(payload, wire, held, served, self._cache):
            yield from self.page(view, page_id)
        self.last_context = Context(wire, payload, answer.payload_sha256, answer.summary)
        return self.last_context

    def page(self, view: context_pb2.View, page_id: str) -> Steps[bytes]:
        """A page's PNG."""
        request = checked(context_pb2.GetPageRequest, view=view, page_id=page_id)
        cached = self._cache.get(page_id)
        if cached is not None:
            return base64.b64decode(cached[0])
        answer = yield from ask(rpc.GET_PAGE, request)
        self._cache.put(page_id, base64.b64encode(answer.png).decode("ascii"))
        return answer.png

    def tools(self, format: Format | None) -> Steps[list[dict[str, Any]]]:  # noqa: A002
        wire = self.format(None, format)
        if wire not in self._tools:
            request = context_pb2.GetRecallToolsRequest(format=wire_of(wire))
            answer = yield from ask(rpc.GET_RECALL_TOOLS, request)
            self._tools[wire] = answer.tools_json
        return cast("list[dict[str, Any]]", json.loads(self._tools[wire]))

    def answer(self, reply: Any) -> Steps[list[dict[str, Any]]]:
        answers = []
        with well_formed("reply"):
            calls = _answers.find_calls(reply)
        for call in calls:
            result = yield from self.run(call.name, call.arguments)
            answers.append((call, result))
        return _answers.results(answers)

    def run(self, name: str, arguments: dict[str, Any] | None) -> Steps[_answers.Result]:
        """What answers a call. A model's mistakes are answered, not raised."""
        one_of("name", name, dict.fromkeys(_answers.TOOL_NAMES))
        if not isinstance(arguments, dict):
            return _answers.Result("the arguments are no JSON object", True)
        try:
            if name == "recall":
                return (yield from self._recall_for_model(arguments))
            return _answers.Result((yield from self._search_for_model(arguments)), False)
        except (errors.InvalidArgumentError, errors.OutOfRangeError, errors.NotFoundError) as error:
            return _answers.Result(error.message, True)

    def run_tool(self, name: str, arguments: dict[str, Any]) -> Steps[tuple[str, bool]]:
        result = yield from self.run(name, arguments)
        return result.text, result.is_error

    def _recall_for_model(self, arguments: dict[str, Any]) -> Steps[_answers.Result]:
        seq = _integer(arguments, "seq", None)
        first = _integer(arguments, "first_byte", 0)
        most = min(_integer(arguments, "max_bytes", 0) or self.options.recall_bytes, self.options.recall_bytes)
        # Some bytes more, so that a character at the end can be whole.
        answer = yield from self._expand(seq, first, most + 3, record=True, pictures=True)
        given, end = _whole_characters(answer.text, most)
        pictures = _pictures(answer)
        if first + end >= answer.text_bytes and first == 0:
            return _answers.Result(given, False, pictures)
        note = f"[bytes {first} to {first + end - 1} of {answer.text_bytes} of #{seq}"
        if first + end < answer.text_bytes:
            note += f"; go on with first_byte {first + end}"
        return _answers.Result(f"{given}\n{note}]", False, pictures)

    def _search_for_model(self, arguments: dict[str, Any]) -> Steps[str]:
        query = arguments.get("query")
        if not isinstance(query, str):
            raise errors.InvalidArgumentError("query: a string is expected")
        hits = yield from self.search(query, _integer(arguments, "limit", 0), False)
        if not hits:
            return "nothing was found; all words must occur in one turn"
        return "\n".join(f"#{hit.seq} {hit.role}: {hit.snippet}" for hit in hits)

    def _expand(
        self, seq: int, first: int, length: int, *, record: bool, pictures: bool
    ) -> Steps[session_pb2.ExpandTurnResponse]:
        request = checked(
            session_pb2.ExpandTurnRequest,
            session_id=self.id,
            seq=seq,
            byte_offset=first,
            byte_length=length,
            record_recall=record,
            include_images=pictures,
        )
        return (yield from ask(rpc.EXPAND_TURN, request))

    def recall(self, seq: int) -> Steps[str]:
        return _as_text((yield from self._expand(seq, 0, 0, record=True, pictures=False)).text)

    def expand(self, seq: int, first_byte: int, max_bytes: int, record: bool) -> Steps[TurnText]:
        answer = yield from self._expand(seq, first_byte, max_bytes, record=record, pictures=True)
        text = _as_text(answer.text)
        return TurnText(answer.seq, role_name(answer.role), text, answer.text_bytes, _pictures(answer))

    def search(self, query: str, limit: int, by_relevance: bool) -> Steps[list[SearchHit]]:
        check_text("query", query)
        order = session_pb2.SEARCH_ORDER_RELEVANCE if by_relevance else session_pb2.SEARCH_ORDER_NEWEST_FIRST
        request = checked(session_pb2.SearchTurnsRequest, session_id=self.id, query=query, order=order, limit=limit)
        answer = yield from ask(rpc.SEARCH_TURNS, request)
        # The index follows the log within moments, and a busy server within seconds: who has just appended expects to
        # find it.
        ends = time.monotonic() + _INDEX_SECONDS
        pause = _INDEX_PAUSE
        while answer.indexed_through_seq < self._last_seq and time.monotonic() < ends:
            yield Pause(pause)
            pause = min(2 * pause, _INDEX_LONGEST_PAUSE)
            answer = yield from ask(rpc.SEARCH_TURNS, request)
        return [
            SearchHit(hit.seq, role_name(hit.role), hit.snippet.decode("utf-8", "backslashreplace"))
            for hit in answer.hits
        ]

    def explain(self, seq: int, look: Look) -> Steps[context_pb2.ExplainTurnResponse]:
        request = checked(context_pb2.ExplainTurnRequest, view=self.view(look), seq=seq)
        return (yield from ask(rpc.EXPLAIN_TURN, request))

    def plan(self, look: Look) -> Steps[context_pb2.ContextSummary]:
        request = context_pb2.BuildContextRequest(view=self.view(look), format=wire_of(self.format(look.model, None)))
        return (yield from ask(rpc.PLAN_CONTEXT, request)).summary

    def diff(self, from_epoch: int, to_epoch: int, look: Look) -> Steps[context_pb2.DiffEpochsResponse]:
        request = checked(context_pb2.DiffEpochsRequest, view=self.view(look), from_epoch=from_epoch, to_epoch=to_epoch)
        return (yield from ask(rpc.DIFF_EPOCHS, request))

    def ladder(self, first_seq: int, look: Look) -> Steps[context_pb2.DrawLadderResponse]:
        request = checked(context_pb2.DrawLadderRequest, view=self.view(look), first_seq=first_seq)
        return (yield from ask(rpc.DRAW_LADDER, request))

    def report_usage(
        self, input_tokens: int, other_tokens: int, context: Context | None
    ) -> Steps[reader_pb2.ReportUsageResponse]:
        served = context or self.last_context
        if not isinstance(served, Context):
            raise errors.InvalidArgumentError(
                "context: there was none yet" if served is None else "context: it is none"
            )
        request = checked(
            reader_pb2.ReportUsageRequest,
            payload_sha256=served.payload_sha256,
            input_tokens=input_tokens,
            other_tokens=other_tokens,
        )
        return (yield from ask(rpc.REPORT_USAGE, request))

    def turns(self, first: int, last: int) -> Steps[list[turn_pb2.Turn]]:
        span = checked(turn_pb2.SeqRange, first=first, last=last)
        request = session_pb2.ReadTurnsRequest(session_id=self.id, range=span)
        answers = yield from ask_stream(rpc.READ_TURNS, request)
        return [turn for answer in answers for turn in answer.turns]

    def pin(self, first: int, last: int | None, pin: bool) -> Steps[None]:
        span = checked(turn_pb2.SeqRange, first=first, last=last if last is not None else first)
        if pin:
            yield from ask(rpc.PIN_TURNS, session_pb2.PinTurnsRequest(session_id=self.id, range=span))
        else:
            yield from ask(rpc.UNPIN_TURNS, session_pb2.UnpinTurnsRequest(session_id=self.id, range=span))

    def info(self) -> Steps[session_pb2.Session]:
        return (yield from ask(rpc.GET_SESSION, session_pb2.GetSessionRequest(session_id=self.id)))

    def fork(self, at_seq: int, new_id: str | None, title: str) -> Steps[str]:
        # A name of the client's, so that a fork whose answer was lost is found again.
        request = checked(
            session_pb2.ForkSessionRequest,
            session_id=self.id,
            at_seq=at_seq,
            new_session_id=new_id or uuid.uuid4().hex,
            title=title,
        )
        return (yield from fork_as(request))

    def compact(self) -> Steps[None]:
        yield from ask(rpc.COMPACT_SESSION, session_pb2.CompactSessionRequest(session_id=self.id))

    def delete(self) -> Steps[session_pb2.DeleteSessionResponse]:
        self._digests = None
        return (yield from ask(rpc.DELETE_SESSION, session_pb2.DeleteSessionRequest(session_id=self.id)))


def open_session(
    session_id: str, title: str = "", metadata: Mapping[str, Any] | None = None
) -> Steps[session_pb2.Session]:
    """Makes a session, or finds it."""
    check_text("session_id", session_id)
    written = ""
    if metadata is not None:
        try:
            written = json.dumps(metadata)
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.InvalidArgumentError(f"metadata: no JSON can hold it: {str(error)[:200]}") from None
    request = checked(session_pb2.CreateSessionRequest, session_id=session_id, title=title, metadata_json=written)
    try:
        return (yield from ask(rpc.CREATE_SESSION, request))
    except errors.AlreadyExistsError:
        return (yield from ask(rpc.GET_SESSION, session_pb2.GetSessionRequest(session_id=request.session_id)))


def fork_as(request: session_pb2.ForkSessionRequest) -> Steps[str]:
    session = yield from ask(rpc.FORK_SESSION, request)
    return session.session_id


def list_readers(reader: str) -> Steps[list[context_pb2.Reader]]:
    answer = yield from ask(rpc.LIST_READERS, checked(context_pb2.ListReadersRequest, reader=reader))
    return list(answer.readers)


def list_sessions() -> Steps[list[session_pb2.Session]]:
    sessions: list[session_pb2.Session] = []
    request = session_pb2.ListSessionsRequest(page_size=1000)
    while True:
        answer = yield from ask(rpc.LIST_SESSIONS, request)
        sessions.extend(answer.sessions)
        if not answer.next_page_token:
            return sessions
        request = session_pb2.ListSessionsRequest(page_size=1000, page_token=answer.next_page_token)


def _batches(turns: Sequence[turn_pb2.Turn]) -> list[list[turn_pb2.Turn]]:
    """Appends that are within the server's limits. A turn over them is the server's to refuse, in its words."""
    if len(turns) == 1:
        return [list(turns)]
    batches: list[list[turn_pb2.Turn]] = []
    size = 0
    for turn in turns:
        weight = turn.ByteSize() + 16
        if not batches or len(batches[-1]) >= _APPEND_TURNS or size + weight > _APPEND_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(turn)
        size += weight
    return batches


def _integer(arguments: dict[str, Any], name: str, missing: int | None) -> int:
    value = arguments.get(name, missing)
    # Models write "57" and 57.0, too; and #57, since that is how a page names the turn.
    if isinstance(value, str) and value.lstrip("#").isdigit():
        value = int(value.lstrip("#"))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise errors.InvalidArgumentError(f"{name}: a whole number is expected")
    return value


def _as_text(text: bytes) -> str:
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return text.decode("utf-8", "backslashreplace")


def _pictures(answer: session_pb2.ExpandTurnResponse) -> list[Picture]:
    return [Picture(image.media_type, image.data) for image in answer.images if image.data]


def _whole_characters(text: bytes, most: int) -> tuple[str, int]:
    """The text of at most `most` bytes that does not end within a character, and how many bytes it is of."""
    end = min(len(text), most)
    if end < len(text):
        back = end
        while back > 0 and end - back < 3 and text[back] & 0xC0 == 0x80:
            back -= 1
        # Not a beginning: the bytes are no UTF-8, or the first character is larger than what is asked for.
        end = back if back > 0 and text[back] & 0xC0 != 0x80 else end
    return text[:end].decode("utf-8", "backslashreplace"), end
