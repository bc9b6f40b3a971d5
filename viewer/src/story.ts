/** What the server tells of a run: the same fields as `harlm/viewer/shapes.py`. Rows are arrays in the order that is listed here. */

export const NODE_FIELDS = [
  'id', 'name', 'parent', 'depth', 'start', 'end', 'question', 'mode', 'status', 'documents', 'characters', 'tier', 'text',
  'race', 'strategy',
] as const
export const SPAN_FIELDS = [
  'id', 'kind', 'node', 'start', 'end', 'label', 'role', 'state', 'turn', 'input', 'output', 'cached', 'micros', 'sent', 'got',
  'size', 'text', 'early', 'waiting',
] as const
export const MARK_FIELDS = ['id', 'at', 'node', 'kind', 'text', 'a', 'b', 'c'] as const
export const GRAPH_FIELDS = ['number', 'label', 'needs', 'state', 'is_early', 'start', 'seconds', 'span', 'node', 'note'] as const

export interface Node {
  id: number
  name: string
  parent: number | null
  depth: number
  start: number
  end: number | null
  question: string
  mode: string
  status: string
  documents: number
  characters: number
  tier: string
  text: string
  race: string
  strategy: string
}

export type SpanKind = 'call' | 'reused' | 'cell' | 'tool' | 'search'
export type SpanState = 'running' | 'ok' | 'failed' | 'cancelled' | 'stopped'

export interface Span {
  id: number
  kind: SpanKind
  node: number
  start: number
  end: number | null
  label: string
  role: string
  state: SpanState
  turn: number
  input: number
  output: number
  cached: number
  micros: number | null
  sent: number
  got: number
  size: number
  text: string
  /** 0: not made ahead; 1: made ahead and claimed; 2: made ahead and retracted. */
  early: number
  waiting: number
}

export interface Mark {
  id: number
  at: number
  node: number
  kind: string
  text: string
  a: number
  b: number
  c: number
}

export interface GraphNode {
  number: number
  label: string
  needs: number[]
  state: string
  is_early: boolean
  start: number
  seconds: number
  span: number | null
  node: number | null
  note: string
}

export interface Graph {
  id: string
  kind: 'cell' | 'race'
  node: number
  turn: number
  title: string
  calls: number
  early: number
  claimed: number
  wasted: number
  critical_s: number
  parallelism: number
  rows: GraphNode[]
}

export interface Weighed {
  option: string
  mode: string
  right: number
  micros: number | null
  seconds: number
  utility: number | null
  obstacle: string | null
}

export interface Route {
  node: number
  mode: string
  probabilities: Record<string, number>
  reasons: string[]
  strategy: string | null
  basis: string
  is_sure: boolean
  weighed: Weighed[]
}

export interface Judged {
  node: number
  value: number | null
  reasons: string[]
  signals: Record<string, unknown>
  calibration: string
}

export interface Citation {
  source: string
  start: number
  end: number
  line: number | null
  page: number | null
  place: string
  quote: string
}

export interface Usage {
  calls: number
  input_tokens: number
  output_tokens: number
  cached_tokens: number
  reasoning_tokens: number
  cost_micros: number | null
  estimated: boolean
  by_model: Record<string, Usage>
  early: { made: number; claimed: number; wasted_tokens: number; wasted_micros: number | null }
}

export interface TierUse {
  served: number
  entries_mean: number
  entries_max: number
}

export interface MemoryUse {
  hot: TierUse
  warm: TierUse
  cold: TierUse
  misses: number
  recomputed: number
  rehydrated: number
  compression: { mean: number; p10: number; p90: number } | null
  kept: number
  probed: number
  reused: number
  saved_tokens: number
  saved_micros: number | null
}

export interface Head {
  run: string
  started: number
  seq: number
  now: number
  state: string
  question: string
  root_model: string
  sub_model: string
  documents: number
  characters: number
  tokens: number
  skipped: number
  limits: Record<string, number>
  mode: string
  strategy: string | null
  answer: string
  answer_is_cut: boolean
  data: string
  error: string
  error_type: string
  citations: Citation[]
  citations_dropped: number
  confidence: number | null
  confidence_reasons: string[]
  usage: Usage | null
  latency: { wall_s: number; critical_path_s: number; parallelism: number } | null
  memory: MemoryUse | null
  reading: { growth: string; tokens_read: number; least_tokens: number } | null
  sandbox: string | null
  attempts: number
  is_session: boolean
  is_imported: boolean
  warnings: string[]
}

export type Row = readonly unknown[]

export interface StoryMessage {
  v: number
  is_whole: boolean
  head: Head
  nodes: Row[]
  spans: Row[]
  marks: Row[]
  graphs: (Omit<Graph, 'rows'> & { rows: Row[] })[]
  routes: Route[]
  judged: Judged[]
}

function named<T>(fields: readonly string[], row: Row): T {
  const made: Record<string, unknown> = {}
  for (let at = 0; at < fields.length; at++) made[fields[at]!] = row[at]
  return made as T
}

/** A run as the page knows it; it grows with every message. */
export class Story {
  head!: Head
  nodes: Node[] = []
  spans: Span[] = []
  marks: Mark[] = []
  graphs: Graph[] = []
  routes: Route[] = []
  judged: Judged[] = []
  /** Raised by every message, so that what is computed from a story is computed once. */
  version = 0

  constructor(message: StoryMessage) {
    this.take(message)
  }

  take(message: StoryMessage): void {
    if (message.is_whole) {
      this.nodes = []
      this.spans = []
      this.marks = []
      this.graphs = []
      this.routes = []
      this.judged = []
    }
    this.head = message.head
    for (const row of message.nodes) {
      const node = named<Node>(NODE_FIELDS, row)
      this.nodes[node.id] = node
    }
    for (const row of message.spans) {
      const span = named<Span>(SPAN_FIELDS, row)
      this.spans[span.id] = span
    }
    for (const row of message.marks) {
      const mark = named<Mark>(MARK_FIELDS, row)
      this.marks[mark.id] = mark
    }
    for (const graph of message.graphs) this.graphs.push({ ...graph, rows: graph.rows.map((row) => named<GraphNode>(GRAPH_FIELDS, row)) })
    this.routes.push(...message.routes)
    this.judged.push(...message.judged)
    this.version++
  }

  get isLive(): boolean {
    return this.head.state === 'running'
  }

  /** Seconds from the first event to the last. */
  get total(): number {
    return Math.max(this.head.now, 0.001)
  }

  nodeOf(span: Span): Node | undefined {
    return this.nodes[span.node]
  }

  /** The nodes below one, in the order of their beginnings. */
  children(of: number | null): Node[] {
    if (this.childrenAt !== this.version) {
      this.childrenOf = new Map()
      for (const node of this.nodes) {
        const known = this.childrenOf.get(node.parent)
        if (known === undefined) this.childrenOf.set(node.parent, [node])
        else known.push(node)
      }
      this.childrenAt = this.version
    }
    return this.childrenOf.get(of) ?? []
  }

  /** The span whose event has this `seq`. */
  spanOf(seq: number): Span | undefined {
    if (this.seqAt !== this.version) {
      this.bySeq = new Map()
      for (const span of this.spans) {
        if (span.sent) this.bySeq.set(span.sent, span)
        if (span.got) this.bySeq.set(span.got, span)
      }
      this.seqAt = this.version
    }
    return this.bySeq.get(seq)
  }

  private childrenOf = new Map<number | null, Node[]>()
  private childrenAt = -1
  private bySeq = new Map<number, Span>()
  private seqAt = -1
}

/** The figures of a run, also while it has no answer yet. */
export interface Figures {
  calls: number
  reused: number
  failed: number
  cells: number
  input: number
  output: number
  cached: number
  micros: number | null
  wall: number
  critical: number | null
  parallelism: number | null
}

export function figures(story: Story): Figures {
  const made: Figures = {
    calls: 0, reused: 0, failed: 0, cells: 0, input: 0, output: 0, cached: 0, micros: 0, wall: story.head.now, critical: null,
    parallelism: null,
  }
  for (const span of story.spans) {
    if (span.kind === 'cell') made.cells++
    else if (span.kind === 'reused') made.reused++
    else if (span.kind === 'call') {
      if (span.state === 'failed') made.failed++
      if (span.state !== 'ok') continue
      made.calls++
      made.input += span.input
      made.output += span.output
      made.cached += span.cached
      made.micros = made.micros === null || span.micros === null ? null : made.micros + span.micros
    } else if (span.kind === 'tool' && made.micros !== null) made.micros += span.micros ?? 0
  }
  const { usage, latency, is_session: isSession } = story.head
  if (isSession) return made // what its last answer says is of one question only
  if (usage !== null) {
    made.calls = usage.calls
    made.input = usage.input_tokens
    made.output = usage.output_tokens
    made.cached = usage.cached_tokens
    made.micros = usage.cost_micros
  }
  if (latency !== null) {
    made.wall = latency.wall_s
    made.critical = latency.critical_path_s
    made.parallelism = latency.parallelism
  }
  return made
}
