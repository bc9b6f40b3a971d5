/** What is selected, with all that is known of it. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { bytes, count, money, oneLine, plural, seconds, share, visible } from '../format'
import { Refused, type CitedSource } from '../source'
import type { Node, Span } from '../story'
import { CellTexts } from './cells-view'
import { Notice, State, Text, type Shared } from './parts'
import type { ViewProps } from './run-view'
import { messagesOf, useEvent, useValue, Value } from './values'

export function Detail(props: ViewProps & { close(): void }) {
  const { story, selected, close } = props
  if (selected === null) return null
  const span = selected.kind === 'span' ? story.spans[selected.id] : undefined
  const node = selected.kind === 'node' ? story.nodes[selected.id] : undefined
  return (
    <aside class="detail" aria-label="Details">
      <div class="detail-head">
        <h2>{span ? titleOf(span) : node ? `Node ${oneLine(node.name, 40)}` : `Source ${selected.id + 1}`}</h2>
        <button type="button" class="quiet icon" onClick={close} aria-label="Close details" title="Close (Esc)">
          ×
        </button>
      </div>
      {span && <SpanDetail {...props} span={span} />}
      {node && <NodeDetail {...props} node={node} />}
      {selected.kind === 'source' && <SourceDetail {...props} number={selected.id} />}
    </aside>
  )
}

const titleOf = (span: Span): string =>
  span.kind === 'call' ? `${span.role || 'model'} call` : span.kind === 'reused' ? 'Reused reply' : span.kind === 'cell' ? `Cell, turn ${span.turn}` : span.kind === 'tool' ? 'Tool call' : 'Search'

type Facts = [string, string][]

function FactTable({ facts }: { facts: Facts }) {
  return (
    <dl class="detail-facts">
      {facts.filter(([, value]) => value !== '').map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function SpanDetail({ story, span, critical, select, shared }: ViewProps & { span: Span }) {
  const run = story.head.run
  const node = story.nodeOf(span)
  const facts: Facts = [
    [span.kind === 'search' ? 'Query' : span.kind === 'tool' ? 'Tool' : 'Model', span.kind === 'cell' ? '' : visible(span.label)],
    ['Begins', seconds(span.start)],
    ['Takes', seconds((span.end ?? story.total) - span.start)],
    ['Input', span.input ? `${count(span.input)} tokens` : ''],
    ['Output', span.output ? `${count(span.output)} tokens` : ''],
    ['Cached', span.input && span.kind === 'call' ? `${count(span.cached)} tokens (${share(span.cached, span.input)})` : ''],
    ['Cost', span.kind === 'call' || span.micros ? money(span.micros) : ''],
    ['Ahead', span.early === 1 ? 'made early, claimed' : span.early === 2 ? 'made early, retracted' : ''],
    ['Critical path', critical.includes(span.id) ? 'yes' : ''],
  ]
  return (
    <>
      <p class="detail-line">
        <State state={span.state} done="done" />
        {node && (
          <button type="button" class="link" onClick={() => select({ kind: 'node', id: node.id })}>
            node {oneLine(node.name, 30)}
          </button>
        )}
      </p>
      <FactTable facts={facts} />
      {span.kind === 'cell' ? <CellTexts shared={shared} run={run} cell={span} /> : <EventTexts shared={shared} run={run} span={span} />}
    </>
  )
}

function EventTexts({ shared, run, span }: { shared: Shared; run: string; span: Span }) {
  const sent = useEvent(shared.source, run, span.sent)
  const got = useEvent(shared.source, run, span.got)
  const event = got.event
  return (
    <>
      {event?.['text'] !== undefined && (
        <section>
          <h3>Reply</h3>
          <Value shared={shared} run={run} value={event['text']} trouble="" name="reply" />
        </section>
      )}
      {typeof event?.['error'] === 'string' && event['error'] !== '' && (
        <section>
          <h3>Error</h3>
          <Text text={event['error']} />
        </section>
      )}
      {event?.['thoughts'] !== undefined && event['thoughts'] !== '' && (
        <section>
          <h3>Reasoning</h3>
          <Value shared={shared} run={run} value={event['thoughts']} trouble="" name="reasoning" />
        </section>
      )}
      {(['arguments', 'value'] as const).map((name) => event?.[name] !== undefined && (
        <section key={name}>
          <h3>{name === 'value' ? 'Value' : 'Arguments'}</h3>
          <Value shared={shared} run={run} value={event[name]} trouble="" name={name} isCode />
        </section>
      ))}
      {got.trouble && <p class="muted">{got.trouble}</p>}
      {sent.event?.['messages'] !== undefined && <Messages shared={shared} run={run} value={sent.event['messages']} />}
      {sent.trouble && sent.trouble !== got.trouble && <p class="muted">{sent.trouble}</p>}
    </>
  )
}

function Messages({ shared, run, value }: { shared: Shared; run: string; value: unknown }) {
  const loaded = useValue(shared, run, value)
  const messages = messagesOf(loaded.value)
  return (
    <section>
      <h3>Prompt{messages.length > 0 && <small> {plural(messages.length, 'message')}</small>}</h3>
      {loaded.trouble && <p class="muted">{loaded.trouble}</p>}
      {loaded.value === undefined && !loaded.trouble && (
        <button type="button" class="quiet small" onClick={loaded.load}>Load the prompt ({bytes(loaded.size)})</button>
      )}
      {messages.map((message, at) => (
        <details key={at} class="message" open={at === messages.length - 1}>
          <summary>
            <span class={`role role-${message.role.replace(/\W/g, '')}`}>{oneLine(message.role, 12)}</span>
            <span class="clip muted" dir="auto">{oneLine(message.content, 120)}</span>
            <span class="muted nowrap">{count(message.content.length)}</span>
          </summary>
          <Text text={message.content} />
        </details>
      ))}
    </section>
  )
}

function NodeDetail({ story, node, select }: ViewProps & { node: Node }) {
  const spans = story.spans.filter((span) => span.node === node.id)
  const below = story.children(node.id)
  const calls = spans.filter((span) => span.kind === 'call')
  const facts: Facts = [
    ['Mode', visible(node.mode)],
    ['Depth', String(node.depth)],
    ['Begins', seconds(node.start)],
    ['Takes', seconds((node.end ?? story.total) - node.start)],
    ['Context', node.documents ? `${plural(node.documents, 'document')}, ${count(node.characters)} characters` : ''],
    ['Sandbox', visible(node.tier)],
    ['Own calls', count(calls.length)],
    ['Own tokens', count(calls.reduce((sum, span) => sum + span.input + span.output, 0))],
    ['Branch', node.race ? `${visible(node.strategy)}: ${visible(node.race)}` : ''],
  ]
  const parent = node.parent === null ? undefined : story.nodes[node.parent]
  return (
    <>
      <p class="detail-line">
        <State state={node.status || 'running'} />
        {parent && <button type="button" class="link" onClick={() => select({ kind: 'node', id: parent.id })}>below node {oneLine(parent.name, 30)}</button>}
      </p>
      <FactTable facts={facts} />
      <section>
        <h3>Question</h3>
        <Text text={node.question || '–'} />
      </section>
      {node.text && (
        <section>
          <h3>{node.status === 'failed' ? 'Error' : 'Answer'}</h3>
          <Text text={node.text} />
        </section>
      )}
      {below.length > 0 && (
        <section>
          <h3>Below <small>{plural(below.length, 'node')}</small></h3>
          <ul class="plain">
            {below.slice(0, 50).map((child) => (
              <li key={child.id}><button type="button" class="link" onClick={() => select({ kind: 'node', id: child.id })}>{oneLine(child.name, 20)}</button> <span class="muted">{oneLine(child.question, 90)}</span></li>
            ))}
          </ul>
        </section>
      )}
      {spans.length > 0 && (
        <section>
          <h3>Calls and cells <small>{count(spans.length)}</small></h3>
          <ul class="plain">
            {spans.slice(0, 80).map((span) => (
              <li key={span.id}>
                <button type="button" class="link" onClick={() => select({ kind: 'span', id: span.id })}>{titleOf(span)}</button>{' '}
                <span class="muted">{seconds((span.end ?? story.total) - span.start)} {oneLine(span.text, 70)}</span>
              </li>
            ))}
            {spans.length > 80 && <li class="muted">and {plural(spans.length - 80, 'more')}</li>}
          </ul>
        </section>
      )}
    </>
  )
}

function SourceDetail({ story, number, shared }: ViewProps & { number: number }) {
  const citation = story.head.citations[number]
  const [source, setSource] = useState<CitedSource | null>(null)
  const [trouble, setTrouble] = useState('')
  const mark = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    let isCurrent = true
    shared.source.cited(story.head.run, number).then(
      (found) => isCurrent && setSource(found),
      (error: unknown) => isCurrent && setTrouble(error instanceof Refused ? error.message : String(error)),
    )
    return () => {
      isCurrent = false
    }
  }, [number])
  useEffect(() => mark.current?.scrollIntoView({ block: 'center' }), [source])
  if (citation === undefined) return null
  return (
    <>
      <p class="detail-line mono">{visible(citation.place)}</p>
      {trouble && <Notice kind="info">{trouble}</Notice>}
      {source?.has_changed && (
        <Notice kind="warning">
          The document has changed since the run has read it{source.end > source.start ? '; the quote is where it stands now.' : ', and the quote is not in it any more.'}
        </Notice>
      )}
      {source === null && <Text text={citation.quote} />}
      {source !== null && <Lines source={source} mark={mark} />}
    </>
  )
}

const MOST_LINES = 1_200

function Lines({ source, mark }: { source: CitedSource; mark: { current: HTMLTableRowElement | null } }) {
  const lines: { number: number; before: string; quote: string; after: string }[] = []
  let at = 0
  for (const [index, line] of source.text.split('\n').entries()) {
    const [from, to] = [Math.max(0, Math.min(source.start - at, line.length)), Math.max(0, Math.min(source.end - at, line.length))]
    lines.push({ number: source.first_line + index, before: line.slice(0, from), quote: line.slice(from, to), after: line.slice(to) })
    at += line.length + 1
  }
  const cited = Math.max(0, lines.findIndex((line) => line.quote !== ''))
  const first = Math.max(0, cited - MOST_LINES / 2)
  const shown = lines.slice(first, first + MOST_LINES)
  return (
    <div class="source" tabIndex={0} role="region" aria-label={`Source ${source.name}`}>
      <table>
        <tbody>
          {shown.map((line) => (
            <tr key={line.number} ref={line === lines[cited] ? mark : undefined} class={line.quote ? 'cited' : ''}>
              <th scope="row">{line.number}</th>
              <td dir="auto">
                {visible(line.before)}
                {line.quote && <mark>{visible(line.quote)}</mark>}
                {visible(line.after)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {(source.after || first + MOST_LINES < lines.length) && <p class="muted">The document continues.</p>}
    </div>
  )
}
