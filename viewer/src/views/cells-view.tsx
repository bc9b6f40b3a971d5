/** The cells with their code, what they printed, and the calls that they made. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { bytes, oneLine, plural, seconds, short } from '../format'
import type { StoredEvent } from '../source'
import type { Span, Story } from '../story'
import { Empty, State, type Shared } from './parts'
import type { ViewProps } from './run-view'
import { useEvent, Value } from './values'

export function CellsView({ story, version, selected, select, shared }: ViewProps) {
  const cells = useMemo(() => story.spans.filter((span) => span.kind === 'cell'), [story, version])
  const [shown, setShown] = useState(30)
  if (cells.length === 0) {
    return (
      <Empty title="No code ran">
        <p>The run was answered without a REPL.</p>
      </Empty>
    )
  }
  return (
    <div class="cells">
      {cells.slice(0, shown).map((cell) => (
        <Cell key={cell.id} story={story} cell={cell} shared={shared} select={select} isSelected={selected?.kind === 'span' && selected.id === cell.id} />
      ))}
      {cells.length > shown && (
        <button type="button" onClick={() => setShown(shown + 60)}>
          Show more of {plural(cells.length, 'cell')}
        </button>
      )}
    </div>
  )
}

/** The calls that were made while a cell ran, in its node. */
export function callsOf(story: Story, cell: Span): Span[] {
  const end = (cell.end ?? story.total) + 0.002
  return story.spans.filter(
    (span) => span.node === cell.node && span.kind !== 'cell' && span.role !== 'root' && span.start >= cell.start - 0.002 && span.start <= end,
  )
}

function Cell({ story, cell, shared, select, isSelected }: { story: Story; cell: Span; shared: Shared; select: ViewProps['select']; isSelected: boolean }) {
  const box = useRef<HTMLElement>(null)
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), { rootMargin: '600px' })
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    if (isSelected) box.current?.scrollIntoView({ block: 'nearest' })
  }, [isSelected])
  const calls = useMemo(() => callsOf(story, cell), [story, cell.end])
  const children = story.children(cell.node).filter((node) => node.start >= cell.start && node.start <= (cell.end ?? story.total))
  return (
    <article ref={box} class={isSelected ? 'cell card selected' : 'cell card'} aria-label={`Cell of node ${story.nodes[cell.node]?.name ?? '?'}, turn ${cell.turn}`}>
      <header>
        <button type="button" class="link" onClick={() => select({ kind: 'span', id: cell.id })}>
          <b>In [{cell.turn}]</b>
        </button>
        <span class="mono muted">node {oneLine(story.nodes[cell.node]?.name ?? '?', 20)}</span>
        <State state={cell.state} done="done" />
        <span class="grow" />
        <span class="muted">
          {seconds((cell.end ?? story.total) - cell.start)}
          {cell.waiting > 0.001 && `, of which ${seconds(cell.waiting)} waiting for calls`}
        </span>
      </header>
      {isNear && <CellTexts shared={shared} run={story.head.run} cell={cell} />}
      {calls.length + children.length > 0 && (
        <div class="cell-calls">
          <h3>Calls</h3>
          <ul>
            {calls.slice(0, 60).map((span) => (
              <li key={span.id}>
                <button type="button" class="chip" onClick={() => select({ kind: 'span', id: span.id })}>
                  <i class={`swatch swatch-${span.state === 'failed' ? 'failed' : span.early === 2 ? 'retracted' : span.kind === 'call' ? 'sub' : span.kind}`} aria-hidden="true" />
                  {oneLine(span.label, 28) || span.kind} <small>{seconds((span.end ?? story.total) - span.start)}{span.input > 0 && ` · ${short(span.input + span.output)} tok`}</small>
                </button>
              </li>
            ))}
            {children.slice(0, 40).map((node) => (
              <li key={`n${node.id}`}>
                <button type="button" class="chip" onClick={() => select({ kind: 'node', id: node.id })}>
                  <i class="swatch swatch-node" aria-hidden="true" />
                  node {oneLine(node.name, 20)} <small>{seconds((node.end ?? story.total) - node.start)}</small>
                </button>
              </li>
            ))}
            {calls.length > 60 && <li class="muted">and {plural(calls.length - 60, 'more call')}</li>}
          </ul>
        </div>
      )}
    </article>
  )
}

export function CellTexts({ shared, run, cell }: { shared: Shared; run: string; cell: Span }) {
  const code = useEvent(shared.source, run, cell.sent)
  const ended = useEvent(shared.source, run, cell.got)
  return (
    <>
      <Value shared={shared} run={run} value={code.event?.['code']} trouble={code.trouble} isCode name="code" />
      {ended.event && hasOutput(ended.event) && (
        <div class="out">
          <h3>Printed{Number(ended.event['output_chars']) > 0 && <small> {bytes(Number(ended.event['output_chars']))}</small>}</h3>
          <Value shared={shared} run={run} value={ended.event['output']} trouble="" name="output" />
        </div>
      )}
      {ended.event && typeof ended.event['error'] === 'string' && (
        <div class="out out-error">
          <h3>Error</h3>
          <Value shared={shared} run={run} value={ended.event['error']} trouble="" name="error" />
        </div>
      )}
      {ended.trouble && <p class="muted">{ended.trouble}</p>}
    </>
  )
}

const hasOutput = (event: StoredEvent): boolean => event['output'] !== '' && event['output'] !== undefined
