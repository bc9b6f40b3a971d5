/** Where the nodes of a graph stand. Dagre places graphs of a usual size; larger ones are placed in columns by what they wait for. */

import { Graph as Dagre, layout } from '@dagrejs/dagre'
import type { GraphNode } from './story'

export const NODE_WIDTH = 164
export const NODE_HEIGHT = 44
const MOST_FOR_DAGRE = 250
const GAP_X = 56
const GAP_Y = 14

export interface PlacedNode {
  node: GraphNode
  x: number
  y: number
}

/** The numbers of the nodes that stand for the beginning and the end of a cell. */
export const BEGIN = -1
export const END = -2
const END_WIDTH = 64
const END_HEIGHT = 26

export const widthOf = (node: GraphNode): number => (node.number < 0 ? END_WIDTH : NODE_WIDTH)
export const heightOf = (node: GraphNode): number => (node.number < 0 ? END_HEIGHT : NODE_HEIGHT)

/** The calls of a cell between its beginning and its end. */
export function withEnds(rows: readonly GraphNode[], seconds: number): GraphNode[] {
  const needed = new Set(rows.flatMap((row) => row.needs))
  const end: GraphNode = {
    number: END, label: 'end', needs: rows.filter((row) => !needed.has(row.number) && row.state !== 'retracted' && row.state !== 'cancelled').map((row) => row.number), state: 'end', is_early: false,
    start: seconds, seconds, span: null, node: null, note: '',
  }
  const inner = rows.map((row) => (row.needs.length ? row : { ...row, needs: [BEGIN] }))
  return [{ ...end, number: BEGIN, label: 'cell', needs: [], start: 0 }, ...inner, end]
}

export interface PlacedEdge {
  from: number
  to: number
  points: { x: number; y: number }[]
}

export interface PlacedGraph {
  width: number
  height: number
  nodes: PlacedNode[]
  edges: PlacedEdge[]
}

export function place(rows: readonly GraphNode[]): PlacedGraph {
  const known = new Set(rows.map((row) => row.number))
  const edges = rows.flatMap((row) => row.needs.filter((need) => known.has(need) && need !== row.number).map((need): [number, number] => [need, row.number]))
  return rows.length <= MOST_FOR_DAGRE && edges.length <= 4 * MOST_FOR_DAGRE ? byDagre(rows, edges) : inColumns(rows, edges)
}

function byDagre(rows: readonly GraphNode[], edges: [number, number][]): PlacedGraph {
  const graph = new Dagre()
  graph.setGraph({ rankdir: 'LR', nodesep: GAP_Y, ranksep: GAP_X, marginx: 16, marginy: 16 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const row of rows) graph.setNode(String(row.number), { width: widthOf(row), height: heightOf(row) })
  for (const [from, to] of edges) graph.setEdge(String(from), String(to), { weight: from === BEGIN ? 4 : to === END ? 1 : 2 })
  layout(graph)
  const label = graph.graph() as { width?: number; height?: number }
  const nodes = rows.map((node) => {
    const at = graph.node(String(node.number)) as { x: number; y: number }
    return { node, x: at.x - widthOf(node) / 2, y: at.y - heightOf(node) / 2 }
  })
  return {
    width: label.width ?? 0,
    height: label.height ?? 0,
    nodes,
    edges: edges.map(([from, to]) => ({ from, to, points: (graph.edge(String(from), String(to)) as { points: { x: number; y: number }[] }).points })),
  }
}

/** Every node one column to the right of the last one that it waits for. */
export function inColumns(rows: readonly GraphNode[], edges: [number, number][]): PlacedGraph {
  const column = columns(rows, edges)
  const filled: number[] = []
  const nodes = rows.map((node) => {
    const at = column.get(node.number) ?? 0
    const row = filled[at] ?? 0
    filled[at] = row + 1
    return { node, x: 16 + at * (NODE_WIDTH + GAP_X), y: 16 + row * (NODE_HEIGHT + GAP_Y) }
  })
  const byNumber = new Map(nodes.map((placed) => [placed.node.number, placed]))
  return {
    width: 32 + filled.length * (NODE_WIDTH + GAP_X) - GAP_X,
    height: 32 + Math.max(1, ...filled) * (NODE_HEIGHT + GAP_Y) - GAP_Y,
    nodes,
    edges: edges.map(([from, to]) => {
      const [left, right] = [byNumber.get(from)!, byNumber.get(to)!]
      return { from, to, points: [{ x: left.x + widthOf(left.node), y: left.y + heightOf(left.node) / 2 }, { x: right.x, y: right.y + heightOf(right.node) / 2 }] }
    }),
  }
}

/** The column of each node. An edge of a damaged trace that closes a circle is left out of account. */
export function columns(rows: readonly GraphNode[], edges: [number, number][]): Map<number, number> {
  const waits = new Map<number, number>(rows.map((row) => [row.number, 0]))
  const after = new Map<number, number[]>()
  for (const [from, to] of edges) {
    waits.set(to, waits.get(to)! + 1)
    const known = after.get(from)
    if (known === undefined) after.set(from, [to])
    else known.push(to)
  }
  const column = new Map<number, number>()
  const ready = rows.filter((row) => waits.get(row.number) === 0).map((row) => row.number)
  for (const number of ready) column.set(number, 0)
  while (ready.length) {
    const number = ready.pop()!
    for (const next of after.get(number) ?? []) {
      column.set(next, Math.max(column.get(next) ?? 0, column.get(number)! + 1))
      waits.set(next, waits.get(next)! - 1)
      if (waits.get(next) === 0) ready.push(next)
    }
  }
  return column
}
