import { describe, expect, it } from 'vitest'
import { story } from './samples'
import { aligned, burnDown, memorySeries } from './series'

describe('the budget', () => {
  it('is used as calls end', () => {
    const run = story([{ id: 0 }], [{ id: 0, end: 1 }, { id: 1, end: 3 }, { id: 2, kind: 'tool', end: 4, micros: 500 }], { limits: { usd: 1, calls: 5 } })
    const [usd, tokens, calls] = burnDown(run)
    expect(usd!.used).toEqual({ at: [0, 1, 3, 4, 10], values: [0, 0.0001, 0.0002, 0.0007, 0.0007] })
    expect([tokens!.limit, calls!.limit]).toEqual([null, 5])
    expect(calls!.used.values.at(-1)).toBe(2)
  })

  it('says that it is too low if a price is unknown', () => {
    expect(burnDown(story([{ id: 0 }], [{ id: 0, micros: null }]))[0]!.isLow).toBe(true)
  })
})

describe('memory', () => {
  it('counts what was reused and searched', () => {
    const series = memorySeries(story([{ id: 0 }], [{ id: 0, kind: 'reused', start: 1 }, { id: 1, kind: 'reused', start: 2 }, { id: 2, kind: 'search', start: 3 }]))
    expect([series.reused.values.at(-1), series.searches.values.at(-1), series.folded.values.at(-1)]).toEqual([2, 1, 0])
  })

  it('follows the entries of each tier', () => {
    const run = story([{ id: 0 }], [])
    const mark = { id: 0, node: 0, kind: 'tiers_changed', text: '' }
    run.marks.push({ ...mark, at: 2, a: 3, b: 1, c: 4 }, { ...mark, id: 1, at: 5, a: 2, b: 2, c: 6 })
    const { hot, warm, cold } = memorySeries(run).tiers
    expect([hot.at, hot.values, warm.values, cold.values]).toEqual([[0, 2, 5, 10], [0, 3, 2, 2], [0, 1, 2, 2], [0, 4, 6, 6]])
  })

  it('holds values until the next over a common axis', () => {
    expect(aligned([{ at: [0, 2], values: [1, 3] }, { at: [1], values: [5] }])).toEqual({ at: [0, 1, 2], values: [[1, 1, 3], [0, 5, 5]] })
  })
})
