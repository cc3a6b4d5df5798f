// The Vercel AI SDK: a middleware of language models that serves a bounded context, and the recall tools.
//
//   const model = wrapLanguageModel({model: openai('gpt-4o'), middleware: foveaMiddleware(session)});
//   await generateText({model, tools: {...tools, ...(await foveaTools(session))}, messages});
//
// The caller keeps the whole history, as without Fovea; what the model is sent is the session's context. Messages pass
// through the form of OpenAI's Chat Completions: a provider's own reasoning stays in the log and is not sent again.
import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Middleware,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider';
import {jsonSchema, tool, type Tool} from 'ai';

import type {Session} from '../session.js';

type System = Extract<LanguageModelV4Message, {role: 'system'}>;
type Said = Exclude<LanguageModelV4Message, {role: 'system'}>;

/** For wrapLanguageModel. Serves one conversation from one session; system prompts stay as they are. */
export function foveaMiddleware(session: Session): LanguageModelV4Middleware {
  return {
    specificationVersion: 'v4',
    async transformParams({params}) {
      const systems = params.prompt.filter((message): message is System => message.role === 'system');
      const said = params.prompt.filter((message): message is Said => message.role !== 'system');
      await session.sync(said.flatMap(toChat), {shape: 'openai-chat'});
      const {messages} = await session.context({format: 'openai-chat'});
      return {...params, prompt: [...systems, ...fromChat(messages as ChatMessage[])]};
    },
  };
}

/** recall and search, for the field `tools` of generateText and streamText. */
export async function foveaTools(session: Session): Promise<Record<string, Tool>> {
  const definitions = (await session.tools({format: 'openai-chat'})) as {
    function: {name: string; description: string; parameters: Parameters<typeof jsonSchema>[0]};
  }[];
  return Object.fromEntries(
    definitions.map(({function: {name, description, parameters}}) => [
      name,
      tool({
        description,
        inputSchema: jsonSchema<Record<string, unknown>>(parameters),
        execute: async (given: Record<string, unknown>) => {
          const {text, isError} = await session.runTool(name, given);
          return isError ? `Error: ${text}` : text;
        },
      }),
    ]),
  );
}

interface ChatPart {
  type: string;
  text?: string;
  image_url?: {url: string};
  file?: {file_data: string; filename?: string};
}

interface ChatMessage {
  role: 'user' | 'assistant' | 'tool' | 'system';
  content?: string | ChatPart[] | null;
  reasoning_content?: string;
  tool_calls?: {id: string; type: 'function'; function: {name: string; arguments: string}}[];
  tool_call_id?: string;
  is_error?: boolean;
}

function toChat(message: Said): ChatMessage[] {
  if (message.role === 'tool') {
    return message.content
      .filter((part) => part.type === 'tool-result')
      .map((part) => resultOf(part.toolCallId, part.output));
  }
  if (message.role === 'user') {
    return [{role: 'user', content: message.content.map((part) => (part.type === 'text' ? textPart(part.text) : filePart(part)))}];
  }
  const content: ChatPart[] = [];
  const chat: ChatMessage = {role: 'assistant'};
  const after: ChatMessage[] = [];
  for (const part of message.content) {
    if (part.type === 'text') content.push(textPart(part.text));
    else if (part.type === 'file') content.push(filePart(part));
    else if (part.type === 'reasoning') chat.reasoning_content = (chat.reasoning_content ?? '') + part.text;
    else if (part.type === 'tool-call') {
      const named = {name: part.toolName, arguments: JSON.stringify(part.input)};
      (chat.tool_calls ??= []).push({id: part.toolCallId, type: 'function', function: named});
    } else if (part.type === 'tool-result') {
      after.push(resultOf(part.toolCallId, part.output));
    }
  }
  if (content.length > 0 || chat.tool_calls === undefined) chat.content = content;
  return [chat, ...after];
}

function textPart(text: string): ChatPart {
  return {type: 'text', text};
}

function filePart({data, mediaType, filename}: Omit<LanguageModelV4FilePart, 'type'>): ChatPart {
  switch (data.type) {
    case 'text':
      return textPart(data.text);
    case 'url':
      return textPart(`[${mediaType}: ${data.url.href}]`);
    case 'data': {
      const encoded = typeof data.data === 'string' ? data.data : Buffer.from(data.data).toString('base64');
      const url = `data:${mediaType};base64,${encoded}`;
      return mediaType.startsWith('image/')
        ? {type: 'image_url', image_url: {url}}
        : {type: 'file', file: {file_data: url, filename}};
    }
    default:
      return textPart(`[a file of type ${mediaType} that the provider keeps]`);
  }
}

function resultOf(callId: string, output: LanguageModelV4ToolResultOutput): ChatMessage {
  const is_error = output.type.startsWith('error') || output.type === 'execution-denied';
  return {role: 'tool', tool_call_id: callId, content: outputOf(output), ...(is_error ? {is_error} : {})};
}

function outputOf(output: LanguageModelV4ToolResultOutput): string | ChatPart[] {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return output.value;
    case 'json':
    case 'error-json':
      return JSON.stringify(output.value);
    case 'execution-denied':
      return output.reason ?? 'execution denied';
    case 'content':
      return output.value.map((part) =>
        part.type === 'text' ? textPart(part.text) : part.type === 'file' ? filePart(part) : textPart('[custom content]'),
      );
  }
}

function fromChat(messages: readonly ChatMessage[]): LanguageModelV4Prompt {
  const names = new Map<string, string>();
  const prompt: LanguageModelV4Prompt = [];
  for (const {role, content, tool_calls: calls = [], tool_call_id: callId = ''} of messages) {
    if (role === 'assistant') {
      for (const call of calls) names.set(call.id, call.function.name);
      const text = textOf(content);
      prompt.push({
        role,
        content: [
          ...(text === '' ? [] : [{type: 'text' as const, text}]),
          ...calls.map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.id,
            toolName: call.function.name,
            input: inputOf(call.function.arguments),
          })),
        ],
      });
    } else if (role === 'tool') {
      const result = {
        type: 'tool-result' as const,
        toolCallId: callId,
        toolName: names.get(callId) ?? '',
        output: {type: 'text' as const, value: textOf(content)},
      };
      const last = prompt.at(-1);
      if (last?.role === 'tool') last.content.push(result);
      else prompt.push({role, content: [result]});
    } else if (role === 'system') {
      prompt.push({role, content: textOf(content)});
    } else {
      const parts: ChatPart[] = typeof content === 'string' ? [textPart(content)] : (content ?? []);
      prompt.push({role, content: parts.map(promptPart)});
    }
  }
  return prompt;
}

function textOf(content: string | ChatPart[] | null | undefined): string {
  return typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');
}

function inputOf(written: string): unknown {
  try {
    return JSON.parse(written === '' ? '{}' : written);
  } catch {
    return {_raw_arguments: written};
  }
}

function promptPart(part: ChatPart): {type: 'text'; text: string} | LanguageModelV4FilePart {
  const url = part.image_url?.url ?? part.file?.file_data;
  if (url === undefined) return {type: 'text', text: part.text ?? ''};
  const comma = url.indexOf(',');
  const mediaType = url.slice('data:'.length, comma).replace(/;base64$/, '');
  return {type: 'file', mediaType, data: {type: 'data', data: url.slice(comma + 1)}};
}
