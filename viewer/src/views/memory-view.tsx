/** What memory did: over time as far as the trace tells, and by tier for the whole run. */

import { useMemo } from 'preact/hooks'
import { count, money, oneLine, plural, seconds, share, short } from '../format'
import { aligned, memorySeries, TIERS, type MemorySeries, type Series } from '../series'
import { Chart } from './chart'
import { Empty } from './parts'
import type { ViewProps } from './run-view'

export function MemoryView({ story, version, shared }: ViewProps) {
  const series = useMemo(() => memorySeries(story), [story, version])
  const memory = story.head.memory
  const folds = story.marks.filter((mark) => mark.kind === 'folded')
  const charts: [string, Series, string][] = [
    ['Replies reused', series.reused, 'warm'],
    ['Tokens folded away', series.folded, 'cold'],
    ['Searches', series.searches, 'hot'],
  ]
  const used = charts.filter(([, each]) => (each.values.at(-1) ?? 0) > 0)
  const entries = Math.max(...TIERS.flatMap((tier) => series.tiers[tier].values))
  const accesses = memory ? memory.hot.served + memory.warm.served + memory.cold.served + memory.misses : 0
  if (used.length === 0 && accesses === 0 && entries === 0) {
    return (
      <Empty title="Memory was not used">
        <p>Nothing was folded, searched or reused in this run.</p>
      </Empty>
    )
  }
  return (
    <div class="blocks">
      <div class="charts">
        {entries > 0 && <TierChart tiers={series.tiers} themeName={shared.theme.name} />}
        {used.map(([name, each, paint]) => (
          <MemoryChart key={name} name={name} series={each} paint={paint} themeName={shared.theme.name} />
        ))}
      </div>
      {memory && accesses > 0 && (
        <div class="card block">
          <h3>Tiers</h3>
          <table>
            <thead>
              <tr>
                <th scope="col">Tier</th>
                <th scope="col">What it serves</th>
                <th scope="col" class="number">Served</th>
                <th scope="col">Share</th>
                <th scope="col" class="number">Entries, mean</th>
                <th scope="col" class="number">Entries, max</th>
              </tr>
            </thead>
            <tbody>
              {([['hot', 'whole texts from the process'], ['warm', 'summaries'], ['cold', 'originals from the store']] as const).map(([name, serves]) => (
                <tr key={name}>
                  <td><i class={`swatch swatch-${name}`} aria-hidden="true" />{name}</td>
                  <td class="muted">{serves}</td>
                  <td class="number">{count(memory[name].served)}</td>
                  <td><Bar part={memory[name].served} whole={accesses} /></td>
                  <td class="number">{memory[name].entries_mean.toFixed(1)}</td>
                  <td class="number">{count(memory[name].entries_max)}</td>
                </tr>
              ))}
              <tr>
                <td>missed</td>
                <td class="muted">no tier had it</td>
                <td class="number">{count(memory.misses)}</td>
                <td><Bar part={memory.misses} whole={accesses} /></td>
                <td />
                <td />
              </tr>
            </tbody>
          </table>
          <p class="muted">
            {plural(memory.reused, 'reply').replace('replys', 'replies')} reused: {short(memory.saved_tokens)} tokens and {money(memory.saved_micros)} saved
            {memory.compression && `; summaries ${memory.compression.mean.toFixed(1)} times shorter`}
            {memory.probed > 0 && `; summaries kept ${memory.kept} of ${memory.probed} numbers and names of the answer`}
            {memory.rehydrated > 0 && `; ${count(memory.rehydrated)} originals read after their summary`}.
          </p>
        </div>
      )}
      {folds.length > 0 && (
        <div class="card block">
          <h3>Folded turns</h3>
          <table>
            <thead>
              <tr>
                <th scope="col">At</th>
                <th scope="col">Node</th>
                <th scope="col">What</th>
                <th scope="col" class="number">Tokens before</th>
                <th scope="col" class="number">Tokens of the view</th>
              </tr>
            </thead>
            <tbody>
              {folds.slice(0, 100).map((mark) => (
                <tr key={mark.id}>
                  <td>{seconds(mark.at)}</td>
                  <td class="mono">{oneLine(story.nodes[mark.node]?.name ?? '?', 20)}</td>
                  <td>{oneLine(mark.text, 60)}</td>
                  <td class="number">{count(mark.a)}</td>
                  <td class="number">{count(mark.b)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

export function Bar({ part, whole }: { part: number; whole: number }) {
  return (
    <span class="bar">
      <span class="track" aria-hidden="true">
        <i style={{ width: `${whole > 0 ? Math.min(100, (100 * part) / whole) : 0}%` }} />
      </span>
      {share(part, whole)}
    </span>
  )
}

function TierChart({ tiers, themeName }: { tiers: MemorySeries['tiers']; themeName: string }) {
  const { at, values } = useMemo(() => aligned(TIERS.map((tier) => tiers[tier])), [tiers])
  const lines = useMemo(() => TIERS.map((name, index) => ({ name, paint: name, values: values[index]! })), [values])
  const told = TIERS.map((tier) => `${count(tiers[tier].values.at(-1) ?? 0)} ${tier}`).join(', ')
  return (
    <figure class="card block">
      <figcaption>
        <b>Entries by tier</b>{' '}
        {TIERS.map((tier) => (
          <span key={tier} class="muted">
            <i class={`swatch swatch-${tier}`} aria-hidden="true" /> {count(tiers[tier].values.at(-1) ?? 0)} {tier}{' '}
          </span>
        ))}
      </figcaption>
      <Chart at={at} lines={lines} text={short} label={`Entries of memory by tier over time: ${told} at the end`} themeName={themeName} height={160} isWhole />
    </figure>
  )
}

function MemoryChart({ name, series, paint, themeName }: { name: string; series: Series; paint: string; themeName: string }) {
  const { at, values } = useMemo(() => aligned([series]), [series])
  const lines = useMemo(() => [{ name, paint, values: values[0]! }], [values])
  const last = series.values.at(-1) ?? 0
  return (
    <figure class="card block">
      <figcaption>
        <b>{name}</b> <span class="muted">{short(last)} in all</span>
      </figcaption>
      <Chart at={at} lines={lines} text={short} label={`${name} over time: ${short(last)} in all`} themeName={themeName} height={160} isWhole />
    </figure>
  )
}
