/** Two runs side by side: what they were asked, what they answered, what each took, and when. */

import { useEffect, useMemo } from 'preact/hooks'
import { differences, verdict, wordDiff, type Difference } from '../compare'
import { count, money, oneLine, seconds, share, visible, when } from '../format'
import { layOut } from '../layout'
import type { Story } from '../story'
import { useStory } from '../use-story'
import { Empty, Notice, State, TopBar, type Shared } from './parts'

export function CompareView({ left, right, ...shared }: Shared & { left: string; right: string }) {
  const one = useStory(shared.source, left)
  const other = useStory(shared.source, right)
  useEffect(() => {
    document.title = 'Two runs · HARLM'
  }, [])
  const trouble = [one.trouble, other.trouble].filter(Boolean)
  return (
    <>
      <TopBar shared={shared}>
        <a class="button" href={`#/compare/${right}/${left}`}>Swap sides</a>
      </TopBar>
      <main class="list compare">
        <h1>Two runs</h1>
        {trouble.map((each) => <Notice key={each} kind="error">{each}</Notice>)}
        {one.story && other.story ? <Sides left={one.story} right={other.story} version={one.version + other.version} /> : trouble.length === 0 && <Empty title="Reading the runs…" />}
      </main>
    </>
  )
}

function Sides({ left, right, version }: { left: Story; right: Story; version: number }) {
  const rows = useMemo(() => differences(left, right), [left, right, version])
  const pieces = useMemo(() => wordDiff(left.head.answer || left.head.error, right.head.answer || right.head.error), [left, right, version])
  const most = Math.max(left.total, right.total)
  return (
    <>
      <div class="sides">
        {[left, right].map((story, side) => (
          <section key={side} class="card side" aria-label={side ? 'Right run' : 'Left run'}>
            <p class="head-line">
              <State state={story.head.state} />
              <a class="mono" href={`#/run/${story.head.run}`}>{story.head.run}</a>
              <span class="muted">{when(story.head.started)}</span>
            </p>
            <h2 dir="auto">{oneLine(story.head.question, 240)}</h2>
            <p class="muted">{oneLine(story.head.mode || story.nodes[0]?.mode || '?', 20)}{story.head.strategy && ` · ${oneLine(story.head.strategy, 20)}`} · {oneLine(story.head.root_model, 60)}</p>
            <div class="answer answer-text" dir="auto">
              {pieces.filter((piece) => piece.side !== (side ? 'left' : 'right')).map((piece, at) => piece.side === 'both' ? <span key={at}>{visible(piece.text)}</span> : <mark key={at} class={side ? 'added' : 'removed'}>{visible(piece.text)}</mark>)}
              {!story.head.answer && !story.head.error && <span class="muted">no answer</span>}
            </div>
            <MiniTimeline story={story} most={most} />
          </section>
        ))}
      </div>
      <div class="card block">
        <table class="differences">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" class="number">Left</th>
              <th scope="col" class="number">Right</th>
              <th scope="col" class="number">Difference</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td class="number">{text(row.left, row.unit)}</td>
                <td class="number">{text(row.right, row.unit)}</td>
                <td class={`number verdict-${verdict(row)}`}>{change(row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function text(value: number | null, unit: Difference['unit']): string {
  if (value === null) return '–'
  if (unit === 'money') return money(value)
  if (unit === 'seconds') return seconds(value)
  if (unit === 'share') return share(value, 1)
  return unit === 'ratio' ? `${value.toFixed(1)} ×` : count(value)
}

function change({ left, right, unit }: Difference): string {
  if (left === null || right === null) return ''
  if (left === right) return 'same'
  const sign = right > left ? '+' : '−'
  const size = Math.abs(right - left)
  const relative = left > 0 && unit !== 'share' ? ` (${sign}${((100 * size) / left).toFixed(0)} %)` : ''
  return `${sign}${unit === 'share' ? `${(100 * size).toFixed(0)} points` : text(size, unit)}${relative}`
}

const MINI_ROW = 7
const MOST_BARS = 1_500

function MiniTimeline({ story, most }: { story: Story; most: number }) {
  const layout = useMemo(() => layOut(story), [story, story.version])
  const height = Math.min(Math.max(layout.rows, 1) * MINI_ROW, 260)
  const scale = 1_000 / most
  return (
    <figure class="mini">
      <svg viewBox={`0 0 1000 ${height}`} preserveAspectRatio="none" role="img" aria-label={`Timeline over ${seconds(story.total)}`} style={{ height: `${height}px` }}>
        {story.nodes.slice(0, MOST_BARS).map((node) => (
          <rect key={`n${node.id}`} class="fill-node" x={node.start * scale} y={layout.nodeRow[node.id]! * MINI_ROW} width={Math.max(2, ((node.end ?? story.total) - node.start) * scale)} height={MINI_ROW - 2} />
        ))}
        {story.spans.slice(0, MOST_BARS).map((span) => (
          <rect
            key={span.id} class={`fill-${span.state === 'failed' ? 'failed' : span.kind === 'call' ? (span.role === 'root' ? 'root' : 'sub') : span.kind}`}
            x={span.start * scale} y={layout.spanRow[span.id]! * MINI_ROW} width={Math.max(2, ((span.end ?? story.total) - span.start) * scale)} height={MINI_ROW - 2}
          />
        ))}
      </svg>
      <figcaption class="muted">{seconds(story.total)}, on the scale of the longer run</figcaption>
    </figure>
  )
}
