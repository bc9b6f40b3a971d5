/** The calls of a cell and what each waits for; the branches of a race. */

import { useMemo, useState } from 'preact/hooks'
import { NODE_HEIGHT, NODE_WIDTH, place, widthOf, withEnds, type PlacedEdge } from '../dag'
import { oneLine, plural, seconds } from '../format'
import type { Graph, GraphNode, Story } from '../story'
import { Empty } from './parts'
import type { ViewProps } from './run-view'

const STATES: [string, string][] = [
  ['ok', 'asked by the cell'], ['early', 'made early, claimed'], ['retracted', 'made early, retracted'], ['lost', 'lost branch'],
  ['cancelled', 'cancelled'], ['failed', 'failed'],
]

const stateOf = (row: GraphNode): string => (row.state === 'ok' && row.is_early ? 'early' : row.state === 'won' || row.state === 'agreed' ? 'won' : row.state)
const WORDS: Record<string, string> = { early: 'early', retracted: 'retracted', lost: 'lost', cancelled: 'cancelled', failed: 'failed', won: 'won', waiting: 'not started', running: 'running', stopped: 'stopped' }

export function GraphView({ story, version, selected, select }: ViewProps) {
  const [chosen, setChosen] = useState(() => largest(story.graphs))
  const graph = story.graphs[chosen] ?? story.graphs[0]
  const placed = useMemo(() => (graph ? place(graph.kind === 'cell' ? withEnds(graph.rows, graph.critical_s) : graph.rows) : null), [graph, graph?.rows.length, version])
  if (graph === undefined || placed === null) {
    return (
      <Empty title="No graph was recorded">
        <p>A graph is kept for cells that call models or tools, and for races of branches.</p>
      </Empty>
    )
  }
  return (
    <div class="graph">
      <nav class="graph-list card" aria-label="Graphs">
        {story.graphs.map((each, at) => (
          <button key={`${each.id} ${at}`} type="button" class={each === graph ? 'selected' : ''} aria-current={each === graph} onClick={() => setChosen(at)}>
            <span class="mono">{oneLine(story.nodes[each.node]?.name ?? '?', 20)}</span> {each.kind === 'cell' ? `turn ${each.turn}` : 'race'}
            <small>{each.kind === 'cell' ? `${plural(each.calls, 'call')} · ${oneLine(each.title, 30)}` : oneLine(each.title.replace(/^race, /, ''), 40)}</small>
          </button>
        ))}
      </nav>
      <div class="graph-main">
        <div class="toolbar">
          <Figures graph={graph} />
          <span class="grow" />
          <ul class="legend" aria-label="Kinds of nodes">
            {STATES.map(([name, label]) => (
              <li key={name}>
                <i class={`dag-swatch dag-${name}`} aria-hidden="true" />
                {label}
              </li>
            ))}
          </ul>
        </div>
        <div class="graph-box card" tabIndex={0} role="region" aria-label="Graph, scrollable">
          <svg width={placed.width} height={placed.height} viewBox={`0 0 ${placed.width} ${placed.height}`} role="group" aria-label={`Graph of ${plural(graph.rows.length, 'node')}`}>
            <defs>
              <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
                <path d="M0 0.8 7 4 0 7.2z" class="arrow" />
              </marker>
            </defs>
            {placed.edges.map((edge, at) => (
              <path key={at} d={curve(edge)} class={graph.rows.find((row) => row.number === edge.to && ['retracted', 'lost', 'cancelled'].includes(stateOf(row))) ? 'edge edge-off' : 'edge'} marker-end="url(#arrow)" />
            ))}
            {placed.nodes.map(({ node, x, y }) => node.number < 0 ? (
              <g key={node.number} class="dag-end" transform={`translate(${x} ${y})`}>
                <rect width={widthOf(node)} height="26" rx="13" />
                <text x={widthOf(node) / 2} y="17" text-anchor="middle">{node.label}</text>
              </g>
            ) : (
              <GraphBox key={node.number} story={story} row={node} x={x} y={y} isSelected={node.span !== null ? selected?.kind === 'span' && selected.id === node.span : node.node !== null && selected?.kind === 'node' && selected.id === node.node} select={select} />
            ))}
          </svg>
        </div>
        {graph.kind === 'cell' && graph.calls > graph.rows.length && <p class="hint muted">The first {plural(graph.rows.length, 'call')} of {graph.calls.toLocaleString('en-US')} are drawn.</p>}
      </div>
    </div>
  )
}

function largest(graphs: readonly Graph[]): number {
  const race = graphs.findIndex((graph) => graph.kind === 'race')
  if (race >= 0) return race
  return graphs.reduce((best, graph, at) => (graph.rows.length > (graphs[best]?.rows.length ?? 0) ? at : best), 0)
}

function Figures({ graph }: { graph: Graph }) {
  const items: [string, string][] =
    graph.kind === 'cell'
      ? [
          ['shape', oneLine(graph.title, 40)], ['calls', String(graph.calls)], ['early', String(graph.early)], ['claimed', String(graph.claimed)],
          ['retracted', String(graph.wasted)], ['critical path', seconds(graph.critical_s)], ['at once', graph.parallelism.toFixed(1)],
        ]
      : [['race', oneLine(graph.title.replace(/^race, /, ''), 60)], ['calls', String(graph.calls)], ['time', seconds(graph.critical_s)]]
  return (
    <dl class="inline-facts">
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function GraphBox({ story, row, x, y, isSelected, select }: { story: Story; row: GraphNode; x: number; y: number; isSelected: boolean; select: ViewProps['select'] }) {
  const state = stateOf(row)
  const span = row.span === null ? undefined : story.spans[row.span]
  const leads = row.span !== null || row.node !== null
  const open = () => {
    if (row.span !== null) select({ kind: 'span', id: row.span })
    else if (row.node !== null) select({ kind: 'node', id: row.node })
  }
  const under = [seconds(row.seconds), WORDS[state] ?? (span && span.input ? `${span.input + span.output} tokens` : '')].filter(Boolean).join(' · ')
  return (
    <g
      class={`dag-node dag-${state}${isSelected ? ' selected' : ''}${leads ? ' leads' : ''}`} transform={`translate(${x} ${y})`} onClick={open}
      tabIndex={leads ? 0 : undefined} role={leads ? 'button' : 'img'} aria-label={leads ? undefined : `${oneLine(row.label, 20)} ${row.number} ${oneLine(under, 26)}`}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault()
          event.stopPropagation()
          open()
        }
      }}
    >
      <rect width={NODE_WIDTH} height={NODE_HEIGHT} rx="6" />
      <rect class="dag-stripe" width="4" height={NODE_HEIGHT} rx="2" />
      <text class="dag-label" x="14" y="18">{oneLine(row.label, 20)}</text>
      <text class="dag-number" x={NODE_WIDTH - 10} y="18" text-anchor="end">{row.number}</text>
      <text class="dag-under" x="14" y="34">{oneLine(under, 26)}</text>
      {row.note && <title>{oneLine(row.note, 300)}</title>}
    </g>
  )
}

function curve(edge: PlacedEdge): string {
  const [first, ...rest] = edge.points
  const last = rest.at(-1)
  if (first === undefined || last === undefined) return ''
  if (edge.points.length <= 3) {
    const middle = (first.x + last.x) / 2
    return `M${first.x} ${first.y} C${middle} ${first.y} ${middle} ${last.y} ${last.x - 1} ${last.y}`
  }
  return `M${edge.points.map((point) => `${point.x} ${point.y}`).join(' L')}`
}
