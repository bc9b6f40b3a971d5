import { describe, expect, it } from 'vitest'
import { columns, inColumns, place, withEnds } from './dag'
import type { GraphNode } from './story'

const row = (number: number, needs: number[] = [], state = 'ok'): GraphNode => ({
  number, label: 'llm_query', needs, state, is_early: false, start: 0, seconds: 1, span: null, node: null, note: '',
})

describe('a graph', () => {
  it('stands from left to right', () => {
    const made = place([row(1), row(2), row(3, [1, 2])])
    const [first, second, third] = made.nodes
    expect(third!.x).toBeGreaterThan(first!.x)
    expect(first!.y).not.toBe(second!.y)
    expect(made.edges).toHaveLength(2)
  })

  it('leaves out edges that lead nowhere, and takes circles of damaged traces', () => {
    expect(place([row(1, [1, 99]), row(2, [1])]).edges).toHaveLength(1)
    expect(place([row(1, [2]), row(2, [1])]).nodes).toHaveLength(2)
    expect(columns([row(1, [2]), row(2, [1])], [[1, 2], [2, 1]]).size).toBe(0)
  })

  it('of many calls stands in columns', () => {
    const rows = Array.from({ length: 600 }, (_, at) => row(at + 1, at ? [1] : []))
    const made = place(rows)
    expect(new Set(made.nodes.map((placed) => placed.x)).size).toBe(2)
    expect(inColumns([row(1), row(2, [1]), row(3, [2])], [[1, 2], [2, 3]]).nodes.map((placed) => placed.x)).toEqual([16, 236, 456])
  })

  it('of a cell has a beginning and an end; what was retracted does not reach the end', () => {
    const [begin, first, second, end] = withEnds([row(1), row(2, [], 'retracted')], 1)
    expect([first!.needs, second!.needs]).toEqual([[begin!.number], [begin!.number]])
    expect(end!.needs).toEqual([1])
  })
})
