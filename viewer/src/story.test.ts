import { describe, expect, it } from 'vitest'
import { message, story } from './samples'
import { figures } from './story'

describe('a story', () => {
  it('grows: rows of the same id are replaced, others are added', () => {
    const run = story([{ id: 0 }], [{ id: 0, end: null, state: 'running' }], { state: 'running' })
    expect(run.isLive).toBe(true)
    run.take(message([], [{ id: 0, end: 2 }, { id: 1, start: 2 }], { now: 12 }, false))
    expect(run.spans.map((span) => span.end)).toEqual([2, 1])
    expect([run.nodes.length, run.isLive, run.total]).toEqual([1, false, 12])
  })

  it('begins again with a whole message', () => {
    const run = story([{ id: 0 }, { id: 1, parent: 0 }], [{ id: 0 }])
    run.take(message([{ id: 0 }], []))
    expect([run.nodes.length, run.spans.length, run.children(0).length]).toEqual([1, 0, 0])
  })

  it('finds spans by their events', () => {
    const run = story([{ id: 0 }], [{ id: 0, sent: 4, got: 9 }])
    expect(run.spanOf(4)).toBe(run.spans[0])
    expect(run.spanOf(9)).toBe(run.spans[0])
    expect(run.spanOf(0)).toBeUndefined()
  })

  it('adds up its figures while it has no answer', () => {
    const run = story([{ id: 0 }], [{ id: 0 }, { id: 1, state: 'failed' }, { id: 2, kind: 'reused' }, { id: 3, kind: 'cell' }])
    expect(figures(run)).toMatchObject({ calls: 1, failed: 1, reused: 1, cells: 1, input: 10, output: 5, micros: 100 })
  })

  it('adds up all questions of a session, whatever its last answer says', () => {
    const usage = { calls: 9, input_tokens: 90, output_tokens: 9, cached_tokens: 0, reasoning_tokens: 0, cost_micros: 5, estimated: false, by_model: {}, early: { made: 0, claimed: 0, wasted_tokens: 0, wasted_micros: 0 } }
    expect(figures(story([{ id: 0 }], [{ id: 0 }], { usage })).calls).toBe(9)
    expect(figures(story([{ id: 0 }], [{ id: 0 }], { usage, is_session: true })).calls).toBe(1)
  })

  it('does not know the cost if one price is unknown', () => {
    expect(figures(story([{ id: 0 }], [{ id: 0 }, { id: 1, micros: null }])).micros).toBeNull()
  })
})
