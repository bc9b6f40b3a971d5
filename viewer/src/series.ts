/** What adds up over the time of a run: money, tokens and calls against their limits, and what memory did. */

import type { Story } from './story'

export interface Series {
  /** Seconds from the first event. */
  at: number[]
  values: number[]
}

export interface Burn {
  /** As in the limits of a run: `usd`, `tokens`, `calls`, `seconds`. */
  name: string
  used: Series
  limit: number | null
  /** Whether some price is unknown, so that the figure is too low. */
  isLow: boolean
}

/** What was used of each limit at each time. Without a limit of its own, a figure is shown as it grows. */
export function burnDown(story: Story): Burn[] {
  const ended = story.spans.filter((span) => (span.kind === 'call' || span.kind === 'tool') && span.end !== null)
  ended.sort((a, b) => a.end! - b.end!)
  const usd = started()
  const tokens = started()
  const calls = started()
  let isLow = false
  let [money, read, made] = [0, 0, 0]
  for (const span of ended) {
    if (span.micros === null) isLow = true
    money += (span.micros ?? 0) / 1e6
    add(usd, span.end!, money)
    if (span.kind !== 'call') continue
    read += span.input + span.output
    made += 1
    add(tokens, span.end!, read)
    add(calls, span.end!, made)
  }
  const total = story.total
  for (const series of [usd, tokens, calls]) add(series, total, series.values.at(-1) ?? 0)
  const limits = story.head.limits
  const found: Burn[] = [
    { name: 'usd', used: usd, limit: limits['usd'] ?? null, isLow },
    { name: 'tokens', used: tokens, limit: limits['tokens'] ?? null, isLow: false },
    { name: 'calls', used: calls, limit: limits['calls'] ?? null, isLow: false },
  ]
  if (limits['seconds'] !== undefined) {
    found.push({ name: 'seconds', used: { at: [0, total], values: [0, total] }, limit: limits['seconds'], isLow: false })
  }
  return found
}

export interface MemorySeries {
  /** Entries that each tier holds, as cells change them. */
  tiers: Record<Tier, Series>
  reused: Series
  searches: Series
  /** Tokens that turns took before they were moved into memory, less those of the views that stand for them. */
  folded: Series
}

export type Tier = 'hot' | 'warm' | 'cold'
export const TIERS: readonly Tier[] = ['hot', 'warm', 'cold']

export function memorySeries(story: Story): MemorySeries {
  const found: MemorySeries = {
    tiers: { hot: started(), warm: started(), cold: started() },
    reused: started(),
    searches: started(),
    folded: started(),
  }
  const spans = story.spans.filter((span) => span.kind === 'reused' || span.kind === 'search').sort((a, b) => a.start - b.start)
  let [reused, searches, folded] = [0, 0, 0]
  for (const span of spans) {
    if (span.kind === 'reused') add(found.reused, span.start, ++reused)
    else add(found.searches, span.start, ++searches)
  }
  for (const mark of story.marks) {
    if (mark.kind === 'folded') add(found.folded, mark.at, (folded += Math.max(0, mark.a - mark.b)))
    if (mark.kind === 'tiers_changed') {
      add(found.tiers.hot, mark.at, mark.a)
      add(found.tiers.warm, mark.at, mark.b)
      add(found.tiers.cold, mark.at, mark.c)
    }
  }
  for (const series of [...Object.values(found.tiers), found.reused, found.searches, found.folded]) add(series, story.total, series.values.at(-1) ?? 0)
  return found
}

/** Several series over one axis of times; each value holds until the next. */
export function aligned(all: readonly Series[]): { at: number[]; values: number[][] } {
  const at = [...new Set(all.flatMap((series) => series.at))].sort((a, b) => a - b)
  const values = all.map((series) => {
    let index = 0
    let now = 0
    return at.map((time) => {
      while (index < series.at.length && series.at[index]! <= time) now = series.values[index++]!
      return now
    })
  })
  return { at, values }
}

function started(): Series {
  return { at: [0], values: [0] }
}

function add(series: Series, at: number, value: number): void {
  if (series.at.at(-1) === at) series.values[series.values.length - 1] = value
  else {
    series.at.push(at)
    series.values.push(value)
  }
}
