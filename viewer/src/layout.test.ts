import { describe, expect, it } from 'vitest'
import { criticalPath, layOut, shownRows, ticks, treeOrder } from './layout'
import { story } from './samples'

describe('the waterfall', () => {
  it('has a band for each depth, and gives what overlaps rows of its own', () => {
    const run = story(
      [{ id: 0 }, { id: 1, parent: 0, depth: 1, start: 1, end: 4 }, { id: 2, parent: 0, depth: 1, start: 2, end: 5 }, { id: 3, parent: 0, depth: 1, start: 6, end: 8 }],
      [
        { id: 0, role: 'root', start: 0, end: 1 }, { id: 1, kind: 'cell', role: '', start: 1, end: 5 }, { id: 2, start: 1, end: 3 },
        { id: 3, start: 2, end: 4 }, { id: 4, start: 3, end: 4 },
      ],
    )
    const made = layOut(run)
    expect(made.bands.map((band) => [band.depth, band.nodes])).toEqual([[0, 1], [1, 3]])
    const [root, cell, first, second, third] = [...made.spanRow]
    expect(root).toBe(cell) // turns do not overlap
    expect(first).not.toBe(second)
    expect(third).toBe(first) // it begins when the first has ended
    expect(made.nodeRow[1]).not.toBe(made.nodeRow[2])
    expect(made.nodeRow[3]).toBe(made.nodeRow[1])
  })

  it('never lays two bars of a row over each other', () => {
    const spans = Array.from({ length: 500 }, (_, id) => ({ id, start: (id * 37) % 90, end: ((id * 37) % 90) + 1 + (id % 9) }))
    const run = story([{ id: 0, end: 100 }], spans, { now: 100 })
    const made = layOut(run)
    for (const row of made.inRow) {
      const ends = row.map((id) => run.spans[id]!).sort((a, b) => a.start - b.start)
      for (let at = 1; at < ends.length; at++) expect(ends[at]!.start).toBeGreaterThanOrEqual(ends[at - 1]!.end! - 1e-9)
    }
    expect(made.inRow.flat()).toHaveLength(500)
  })

  it('takes 10,000 spans', () => {
    const spans = Array.from({ length: 10_000 }, (_, id) => ({ id, start: id / 32, end: id / 32 + 0.9 }))
    expect(layOut(story([{ id: 0, end: 320 }], spans, { now: 320 })).rows).toBeLessThan(40)
  })
})

describe('the critical path', () => {
  it('leads back from the end over what ended last before', () => {
    const run = story([{ id: 0 }], [
      { id: 0, start: 0, end: 1 }, { id: 1, start: 1, end: 5 }, { id: 2, start: 1, end: 3 }, { id: 3, kind: 'cell', start: 1, end: 6 }, { id: 4, start: 5, end: 7 },
    ])
    expect(criticalPath(run.spans)).toEqual([0, 1, 4])
  })

  it('ends, also if spans have no length', () => {
    const run = story([{ id: 0 }], [{ id: 0, start: 1, end: 1 }, { id: 1, start: 1, end: 1 }])
    expect(criticalPath(run.spans).length).toBeLessThanOrEqual(2)
    expect(criticalPath([])).toEqual([])
  })

  it('leaves out what was retracted or cancelled', () => {
    const run = story([{ id: 0 }], [{ id: 0, start: 0, end: 1 }, { id: 1, start: 1, end: 9, early: 2 }, { id: 2, start: 1, end: 8, state: 'cancelled' }])
    expect(criticalPath(run.spans)).toEqual([0])
  })
})

describe('small parts', () => {
  it('makes round ticks', () => {
    expect(ticks(0, 10, 5).times).toEqual([0, 2, 4, 6, 8, 10])
    expect(ticks(0.21, 0.39, 4).times.map((time) => Number(time.toFixed(3)))).toEqual([0.25, 0.3, 0.35])
    expect(ticks(0, 0, 4).times.length).toBeLessThan(10)
  })

  it('lists a tree, each node below its parent, without what is closed', () => {
    const run = story([{ id: 0 }, { id: 1, parent: 0 }, { id: 2, parent: 0 }, { id: 3, parent: 1 }, { id: 4 }], [])
    expect(treeOrder(run, new Set()).map((node) => node.id)).toEqual([0, 1, 3, 2, 4])
    expect(treeOrder(run, new Set([1])).map((node) => node.id)).toEqual([0, 1, 2, 4])
  })

  it('shows the rows of a window', () => {
    expect(shownRows(0, 100, 20, 1_000, 2)).toEqual([0, 7])
    expect(shownRows(19_900, 100, 20, 1_000, 2)).toEqual([993, 1_000])
  })
})
