/** The head of a run: its question, how it ended, its answer and its figures. */

import { useState } from 'preact/hooks'
import { count, money, plural, seconds, share, short, visible, when } from '../format'
import { figures, type Story } from '../story'
import { Fact, Notice, State, Text } from './parts'

const CLAMPED = 420 // characters of an answer that are shown at once

export function RunHead({ story, openSources }: { story: Story; openSources(): void }) {
  const { head } = story
  const [isWhole, setWhole] = useState(false)
  const text = head.answer || head.error
  const isLong = text.length > CLAMPED || text.split('\n').length > 5
  return (
    <section class="head" aria-label="The run">
      <div class="head-line">
        <State state={head.state} />
        <span class="muted mono">{head.run}</span>
        <span class="muted">{when(head.started)}</span>
        {head.is_session && <span class="tag">session</span>}
        {head.is_imported && <span class="tag">imported</span>}
        {head.attempts > 1 && <span class="tag">attempt {head.attempts}</span>}
      </div>
      <h1 dir="auto">{visible(head.question) || 'Unknown question'}</h1>
      {text ? (
        <div class={head.error ? 'answer answer-failed' : 'answer'}>
          <div class={isWhole || !isLong ? 'answer-text' : 'answer-text clamped'} dir="auto">
            {head.error && <strong>{visible(head.error_type)}: </strong>}
            {visible(text)}
            {head.answer_is_cut && ' …'}
          </div>
          <div class="answer-foot">
            {isLong && (
              <button type="button" class="quiet small" onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
                {isWhole ? 'Show less' : 'Show all'}
              </button>
            )}
            {head.citations.length > 0 && (
              <button type="button" class="quiet small" onClick={openSources}>
                {plural(head.citations.length, 'source')}
              </button>
            )}
            {head.citations_dropped > 0 && (
              <span class="muted">{plural(head.citations_dropped, 'citation')} could not be verified and left</span>
            )}
          </div>
        </div>
      ) : (
        story.isLive || <Notice kind="info">This run has no answer: it was stopped, or its end is not in the trace.</Notice>
      )}
      {head.data && (
        <details class="data">
          <summary>The answer as data</summary>
          <Text text={head.data} isCode />
        </details>
      )}
      <Figures story={story} />
    </section>
  )
}

function Figures({ story }: { story: Story }) {
  const { head } = story
  const made = figures(story)
  const mode = head.mode || story.nodes[0]?.mode || ''
  return (
    <dl class="facts">
      <Fact name="Mode" value={mode ? visible(mode) : '–'} note={head.strategy ? visible(head.strategy) : story.nodes[0]?.tier && `sandbox ${visible(story.nodes[0].tier)}`} />
      <Fact name="Cost" value={money(made.micros)} note={limitNote(head.limits['usd'], (limit) => `of ${money(limit * 1e6)}`)} />
      <Fact
        name="Tokens" value={short(made.input + made.output)}
        note={`${short(made.input)} + ${short(made.output)}`} title={`${count(made.input)} in, ${count(made.output)} out${head.usage?.estimated ? '; estimated in part' : ''}`}
      />
      <Fact name="Cached" value={made.input ? share(made.cached, made.input) : '–'} note={made.input ? 'of the input' : ''} />
      <Fact name="Calls" value={count(made.calls)} note={[made.reused && `${count(made.reused)} reused`, made.failed && `${count(made.failed)} failed`].filter(Boolean).join(', ') || `${plural(made.cells, 'cell')}`} />
      <Fact name="Time" value={seconds(made.wall)} note={story.isLive ? 'so far' : limitNote(head.limits['seconds'], (limit) => `of ${seconds(limit)}`)} />
      <Fact name="Critical path" value={made.critical === null ? '–' : seconds(made.critical)} note={made.critical === null || !made.wall ? '' : `${share(made.critical, made.wall)} of time`} />
      <Fact name="Parallelism" value={made.parallelism === null ? '–' : `${made.parallelism.toFixed(1)} ×`} note="calls at once" />
      <Fact name="Documents" value={count(head.documents)} note={`≈ ${short(head.tokens)} tokens`} title={`${count(head.characters)} characters${head.skipped ? `; ${count(head.skipped)} left out` : ''}`} />
      {head.confidence !== null && <Fact name="Confidence" value={share(head.confidence, 1)} title={head.confidence_reasons.map(visible).join('\n')} />}
    </dl>
  )
}

function limitNote(limit: number | undefined, text: (limit: number) => string): string {
  return limit === undefined ? '' : text(limit)
}
