/** The recursion as a tree: each node with its question, its figures and its end. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { money, oneLine, seconds, short } from '../format'
import { shownRows, treeOrder } from '../layout'
import { State } from './parts'
import type { ViewProps } from './run-view'

const ROW = 36

export interface Sum {
  calls: number
  cells: number
  tokens: number
  micros: number | null
}

export function TreeView({ story, version, selected, select }: ViewProps) {
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set())
  const [view, setView] = useState({ top: 0, height: 600 })
  const box = useRef<HTMLDivElement>(null)
  const order = useMemo(() => treeOrder(story, closed), [story, version, closed])
  const sums = useMemo(() => {
    const found = new Map<number, Sum>()
    for (const span of story.spans) {
      const sum = found.get(span.node) ?? { calls: 0, cells: 0, tokens: 0, micros: 0 }
      if (span.kind === 'call') {
        sum.calls++
        sum.tokens += span.input + span.output
        sum.micros = sum.micros === null || span.micros === null ? null : sum.micros + span.micros
      } else if (span.kind === 'cell') sum.cells++
      found.set(span.node, sum)
    }
    return found
  }, [story, version])

  useEffect(() => {
    const at = selected?.kind === 'node' ? order.findIndex((node) => node.id === selected.id) : -1
    if (at < 0 || box.current === null) return
    const { scrollTop, clientHeight } = box.current
    if (at * ROW < scrollTop || (at + 1) * ROW > scrollTop + clientHeight) box.current.scrollTop = at * ROW - clientHeight / 2
  }, [selected])

  const toggle = (id: number) => {
    const next = new Set(closed)
    if (!next.delete(id)) next.add(id)
    setClosed(next)
  }
  const [first, last] = shownRows(view.top, view.height, ROW, order.length)
  return (
    <div
      ref={box} class="rows card" tabIndex={0} role="region" aria-label="Nodes of the recursion"
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
    >
      <table class="tree">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">State</th>
            <th scope="col" class="number">Calls</th>
            <th scope="col" class="number">Cells</th>
            <th scope="col" class="number">Tokens</th>
            <th scope="col" class="number">Cost</th>
            <th scope="col" class="number">Time</th>
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr aria-hidden="true" style={{ height: `${first * ROW}px` }} />}
          {order.slice(first, last).map((node) => {
            const sum = sums.get(node.id)
            const below = story.children(node.id).length
            const isSelected = selected?.kind === 'node' && selected.id === node.id
            return (
              <tr key={node.id} class={isSelected ? 'selected' : ''} style={{ height: `${ROW}px` }} onClick={() => select({ kind: 'node', id: node.id })}>
                <td class="wide">
                  <div class="tree-name" style={{ paddingLeft: `${Math.min(node.depth, 12) * 18}px` }}>
                    {below > 0 ? (
                      <button
                        type="button" class="quiet fold" aria-expanded={!closed.has(node.id)} aria-label={`${below} nodes below ${oneLine(node.name, 40)}`}
                        onClick={(event) => (event.stopPropagation(), toggle(node.id))}
                      >
                        {closed.has(node.id) ? '▸' : '▾'}
                      </button>
                    ) : (
                      <span class="fold" />
                    )}
                    <button type="button" class="link mono" onClick={(event) => (event.stopPropagation(), select({ kind: 'node', id: node.id }))}>{oneLine(node.name, 24)}</button>
                    <span class="tag">{oneLine(node.mode, 12) || '?'}</span>
                    {node.race && <span class={`tag tag-${node.race.replace(/\W/g, '-')}`}>{oneLine(node.strategy, 20)} {oneLine(node.race, 16)}</span>}
                    <span class="clip" dir="auto">{oneLine(node.question, 200)}</span>
                  </div>
                </td>
                <td><State state={node.status || 'running'} /></td>
                <td class="number">{short(sum?.calls ?? 0)}</td>
                <td class="number">{short(sum?.cells ?? 0)}</td>
                <td class="number">{short(sum?.tokens ?? 0)}</td>
                <td class="number">{money(sum ? sum.micros : 0)}</td>
                <td class="number">{seconds((node.end ?? story.total) - node.start)}</td>
              </tr>
            )
          })}
          {last < order.length && <tr aria-hidden="true" style={{ height: `${(order.length - last) * ROW}px` }} />}
        </tbody>
      </table>
    </div>
  )
}
