/** Where the bars of the waterfall stand, and which of them the end of the run waited for. */

import type { Node, Span, Story } from './story'

const MOST_LANES = 256
const LEAST_SHARE = 0.002 // of the whole time that a bar takes at least, so that short ones do not lie over each other

export interface Band {
  depth: number
  row: number
  rows: number
  nodes: number
  spans: number
}

export interface Layout {
  rows: number
  bands: Band[]
  /** The first row of each node, by its id. */
  nodeRow: Int32Array
  /** The row of each span, by its id. */
  spanRow: Int32Array
  /** The spans of each row, by their beginnings. */
  inRow: number[][]
  /** The nodes of each row. */
  nodesInRow: number[][]
}

/** Bands by depth; in a band the nodes are packed, and in a node its turns and the calls of its cells. */
export function layOut(story: Story): Layout {
  const total = story.total
  const byNode = new Map<number, Span[]>()
  for (const span of story.spans) {
    const known = byNode.get(span.node)
    if (known === undefined) byNode.set(span.node, [span])
    else known.push(span)
  }
  const byDepth = new Map<number, Node[]>()
  for (const node of story.nodes) {
    const known = byDepth.get(node.depth)
    if (known === undefined) byDepth.set(node.depth, [node])
    else known.push(node)
  }
  const nodeRow = new Int32Array(story.nodes.length)
  const spanRow = new Int32Array(story.spans.length)
  const bands: Band[] = []
  let row = 0
  for (const depth of [...byDepth.keys()].sort((a, b) => a - b)) {
    const nodes = byDepth.get(depth)!.sort((a, b) => a.start - b.start)
    const packing = new Blocks()
    let spans = 0
    for (const node of nodes) {
      const own = byNode.get(node.id) ?? []
      const lanes = lanesOf(own, total, spanRow)
      const end = Math.max(node.end ?? total, node.start + LEAST_SHARE * total)
      const at = row + packing.place(node.start, end, 1 + lanes)
      nodeRow[node.id] = at
      for (const span of own) spanRow[span.id] = spanRow[span.id]! + at + 1
      spans += own.length
    }
    bands.push({ depth, row, rows: packing.rows, nodes: nodes.length, spans })
    row += packing.rows + 1 // an empty row between bands
  }
  const rows = Math.max(0, row - 1)
  const inRow: number[][] = Array.from({ length: rows }, () => [])
  const nodesInRow: number[][] = Array.from({ length: rows }, () => [])
  for (const span of [...story.spans].sort((a, b) => a.start - b.start)) inRow[spanRow[span.id]!]?.push(span.id)
  for (const node of story.nodes) nodesInRow[nodeRow[node.id]!]?.push(node.id)
  return { rows, bands, nodeRow, spanRow, inRow, nodesInRow }
}

const isTurn = (span: Span): boolean => span.kind === 'cell' || span.role === 'root'

/** Gives each span of a node a lane, turns first; returns how many there are. */
function lanesOf(spans: Span[], total: number, rowOf: Int32Array): number {
  const least = LEAST_SHARE * total
  let base = 0
  for (const group of [spans.filter(isTurn), spans.filter((span) => !isTurn(span))]) {
    const ends: number[] = []
    for (const span of group.sort((a, b) => a.start - b.start)) {
      let lane = ends.findIndex((end) => end <= span.start + 1e-9)
      if (lane < 0) lane = ends.length < MOST_LANES ? ends.length : ends.indexOf(Math.min(...ends))
      ends[lane] = Math.max(span.end ?? total, span.start + least)
      rowOf[span.id] = base + lane
    }
    base += ends.length
  }
  return base
}

/** Packs blocks of several rows, in the order of their beginnings. */
class Blocks {
  private ends: number[] = []

  get rows(): number {
    return this.ends.length
  }

  place(start: number, end: number, height: number): number {
    let at = 0
    for (let row = 0; row < this.ends.length && row - at < height; row++) if (this.ends[row]! > start + 1e-9) at = row + 1
    for (let row = at; row < at + height; row++) this.ends[row] = end
    return at
  }
}

const OVERLAP_S = 0.003 // by which events of one moment may be apart

/** The spans that the end waited for, first to last: before each stands the one that ended last before it began. */
export function criticalPath(spans: readonly Span[]): number[] {
  const ended = spans.filter((span) => span.kind !== 'cell' && span.end !== null && span.early !== 2 && span.state !== 'cancelled')
  ended.sort((a, b) => a.end! - b.end! || a.start - b.start)
  const path: number[] = []
  let at = ended.length - 1
  while (at >= 0) {
    const span = ended[at]!
    path.push(span.id)
    at = lastBefore(ended, span.start + OVERLAP_S, at)
  }
  return path.reverse()
}

/** The index of the last of `ended` that has ended at `time`, below `below`; −1 if there is none. */
function lastBefore(ended: readonly Span[], time: number, below: number): number {
  let low = 0
  let high = below
  while (low < high) {
    const middle = (low + high) >> 1
    if (ended[middle]!.end! <= time) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Round times for an axis, about `most` of them. */
export function ticks(from: number, to: number, most: number): { step: number; times: number[] } {
  const rough = (to - from) / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-6)))
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? 10 * power
  const times: number[] = []
  for (let index = Math.ceil(from / step - 1e-9) + 0; index * step <= to + 1e-9; index++) times.push(index * step)
  return { step, times }
}

/** The nodes in the order of a tree, each below its parent, without what is below closed ones. */
export function treeOrder(story: Story, closed: ReadonlySet<number>): Node[] {
  const order: Node[] = []
  const waiting = [...story.children(null)].reverse()
  while (waiting.length) {
    const node = waiting.pop()!
    order.push(node)
    if (!closed.has(node.id)) waiting.push(...[...story.children(node.id)].reverse())
  }
  return order
}

/** The first and the last index of equally high rows that a window shows, a few more on both sides. */
export function shownRows(top: number, height: number, rowHeight: number, rows: number, more = 6): [number, number] {
  const first = Math.max(0, Math.floor(top / rowHeight) - more)
  return [first, Math.min(rows, Math.ceil((top + height) / rowHeight) + more)]
}
