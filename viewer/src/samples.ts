/** Small runs for tests. */

import { NODE_FIELDS, SPAN_FIELDS, Story, type Head, type Node, type Span, type StoryMessage } from './story'

const HEAD = {
  run: 'R', started: 0, seq: 1, now: 10, state: 'ok', question: 'Q?', root_model: 'a/root', sub_model: 'a/sub', documents: 1, characters: 1, tokens: 1,
  skipped: 0, limits: {}, mode: 'full', strategy: null, answer: 'A', answer_is_cut: false, data: '', error: '', error_type: '', citations: [],
  citations_dropped: 0, confidence: null, confidence_reasons: [], usage: null, latency: null, memory: null, reading: null, sandbox: null, attempts: 1,
  is_session: false, is_imported: false, warnings: [],
} as Head

export function message(
  nodes: (Partial<Node> & { id: number })[], spans: (Partial<Span> & { id: number })[], head: Partial<Head> = {}, isWhole = true,
): StoryMessage {
  const node = { name: '0', parent: null, depth: 0, start: 0, end: 10, question: '', mode: 'full', status: 'ok', documents: 0, characters: 0, tier: '', text: '', race: '', strategy: '' }
  const span = { kind: 'call', node: 0, start: 0, end: 1, label: 'a/sub', role: 'sub', state: 'ok', turn: 0, input: 10, output: 5, cached: 0, micros: 100, sent: 0, got: 0, size: 0, text: '', early: 0, waiting: 0 }
  const row = (fields: readonly string[], values: object) => fields.map((field) => (values as Record<string, unknown>)[field])
  return {
    v: 1,
    is_whole: isWhole,
    head: { ...HEAD, ...head },
    nodes: nodes.map((each) => row(NODE_FIELDS, { ...node, ...each })),
    spans: spans.map((each) => row(SPAN_FIELDS, { ...span, ...each })),
    marks: [],
    graphs: [],
    routes: [],
    judged: [],
  }
}

export const story = (...made: Parameters<typeof message>): Story => new Story(message(...made))
