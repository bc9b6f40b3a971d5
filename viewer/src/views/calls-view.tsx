/** All calls, cells, tools and searches as a table, of which only the rows in view exist. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { money, oneLine, seconds, share, short } from '../format'
import { shownRows } from '../layout'
import type { Span } from '../story'
import { Empty } from './parts'
import type { ViewProps } from './run-view'

const ROW = 32
const KINDS = ['all', 'root', 'sub', 'cell', 'tool', 'search', 'reused', 'failed', 'early'] as const
type Kind = (typeof KINDS)[number]
type Order = 'start' | 'time' | 'tokens' | 'cost'

const isOf = (span: Span, kind: Kind): boolean =>
  kind === 'all' ? true
  : kind === 'root' ? span.kind === 'call' && span.role === 'root'
  : kind === 'sub' ? span.kind === 'call' && span.role !== 'root'
  : kind === 'failed' ? span.state === 'failed' || span.state === 'cancelled'
  : kind === 'early' ? span.early > 0
  : span.kind === kind

export function CallsView({ story, version, critical, selected, select }: ViewProps) {
  const [kind, setKind] = useState<Kind>('all')
  const [order, setOrder] = useState<Order>('start')
  const [view, setView] = useState({ top: 0, height: 600 })
  const box = useRef<HTMLDivElement>(null)
  const path = useMemo(() => new Set(critical), [critical])
  const counts = useMemo(() => KINDS.map((each) => story.spans.reduce((sum, span) => sum + Number(isOf(span, each)), 0)), [story, version])
  const rows = useMemo(() => {
    const found = story.spans.filter((span) => isOf(span, kind))
    const by: Record<Order, (span: Span) => number> = {
      start: (span) => span.start,
      time: (span) => -((span.end ?? story.total) - span.start),
      tokens: (span) => -(span.input + span.output),
      cost: (span) => -(span.micros ?? 0),
    }
    return found.sort((a, b) => by[order](a) - by[order](b) || a.id - b.id)
  }, [story, version, kind, order])

  useEffect(() => {
    const at = selected?.kind === 'span' ? rows.findIndex((span) => span.id === selected.id) : -1
    if (at < 0 || box.current === null) return
    const { scrollTop, clientHeight } = box.current
    if (at * ROW < scrollTop || (at + 2) * ROW > scrollTop + clientHeight) box.current.scrollTop = at * ROW - clientHeight / 2
  }, [selected])

  const heading = (name: string, of: Order) => (
    <th scope="col" class={of === 'start' ? '' : 'number'} aria-sort={order === of ? (of === 'start' ? 'ascending' : 'descending') : 'none'}>
      <button type="button" class="sort" onClick={() => setOrder(of)}>{name}{order === of && <span aria-hidden="true">{of === 'start' ? ' ↑' : ' ↓'}</span>}</button>
    </th>
  )
  const [first, last] = shownRows(view.top, view.height, ROW, rows.length)
  return (
    <>
      <div class="toolbar">
        <div class="group" role="group" aria-label="Kind">
          {KINDS.map((each, at) => (counts[at]! > 0 || each === 'all') && (
            <button key={each} type="button" aria-pressed={kind === each} onClick={() => setKind(each)}>
              {each} <span class="count">{short(counts[at]!)}</span>
            </button>
          ))}
        </div>
      </div>
      {rows.length === 0 ? <Empty title="Nothing was called" /> : (
        <div
          ref={box} class="rows card" tabIndex={0} role="region" aria-label="Calls"
          onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
        >
          <table class="calls">
            <thead>
              <tr>
                {heading('Start', 'start')}
                <th scope="col">Kind</th>
                <th scope="col">Node</th>
                <th scope="col">What</th>
                <th scope="col" class="number">In</th>
                <th scope="col" class="number">Cached</th>
                {heading('Tokens', 'tokens')}
                {heading('Cost', 'cost')}
                {heading('Time', 'time')}
              </tr>
            </thead>
            <tbody>
              {first > 0 && <tr aria-hidden="true" style={{ height: `${first * ROW}px` }} />}
              {rows.slice(first, last).map((span) => (
                <tr
                  key={span.id} style={{ height: `${ROW}px` }} class={selected?.kind === 'span' && selected.id === span.id ? 'selected' : ''}
                  onClick={() => select({ kind: 'span', id: span.id })}
                >
                  <td class="nowrap number-left">{seconds(span.start)}</td>
                  <td class="nowrap">
                    <i class={`swatch swatch-${span.state === 'failed' ? 'failed' : span.state === 'cancelled' ? 'cancelled' : span.early === 2 ? 'retracted' : span.kind === 'call' ? (span.role === 'root' ? 'root' : 'sub') : span.kind}`} aria-hidden="true" />
                    {span.kind === 'call' ? `${span.role} call` : span.kind}
                    {path.has(span.id) && <span class="on-path" title="on the critical path"> ◆<span class="unseen">on the critical path</span></span>}
                  </td>
                  <td class="mono">{oneLine(story.nodeOf(span)?.name ?? '', 16)}</td>
                  <td class="wide"><div class="what"><button type="button" class="link" onClick={(event) => (event.stopPropagation(), select({ kind: 'span', id: span.id }))}>{oneLine(span.label, 60) || span.kind}</button> <span class="clip muted" dir="auto">{oneLine(span.text, 160)}</span></div></td>
                  <td class="number">{span.kind === 'call' ? short(span.input) : ''}</td>
                  <td class="number">{span.input > 0 && span.kind === 'call' ? share(span.cached, span.input) : ''}</td>
                  <td class="number">{span.input + span.output > 0 ? short(span.input + span.output) : ''}</td>
                  <td class="number">{span.kind === 'call' || span.micros ? money(span.micros) : ''}</td>
                  <td class="number">{seconds((span.end ?? story.total) - span.start)}</td>
                </tr>
              ))}
              {last < rows.length && <tr aria-hidden="true" style={{ height: `${(rows.length - last) * ROW}px` }} />}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}
