/** What differs between two runs. */

import { figures, type Figures, type Story } from './story'

export interface Difference {
  name: string
  left: number | null
  right: number | null
  /** Whether less is better, more is, or neither. */
  better: 'less' | 'more' | 'none'
  unit: 'count' | 'money' | 'seconds' | 'ratio' | 'share'
}

export function differences(left: Story, right: Story): Difference[] {
  const [a, b] = [figures(left), figures(right)]
  const row = (
    name: string, of: (each: Figures, story: Story) => number | null, unit: Difference['unit'], better: Difference['better'] = 'less',
  ): Difference => ({ name, left: of(a, left), right: of(b, right), unit, better })
  return [
    row('Cost', (each) => each.micros, 'money'),
    row('Wall time', (each) => each.wall, 'seconds'),
    row('Critical path', (each) => each.critical, 'seconds'),
    row('Parallelism', (each) => each.parallelism, 'ratio', 'more'),
    row('Model calls', (each) => each.calls, 'count'),
    row('Replies reused', (each) => each.reused, 'count', 'more'),
    row('Failed calls', (each) => each.failed, 'count'),
    row('Input tokens', (each) => each.input, 'count'),
    row('Output tokens', (each) => each.output, 'count'),
    row('Cached share', (each) => (each.input ? each.cached / each.input : null), 'share', 'more'),
    row('Nodes', (_, story) => story.nodes.length, 'count', 'none'),
    row('Deepest node', (_, story) => story.nodes.reduce((most, node) => Math.max(most, node.depth), 0), 'count', 'none'),
    row('Cells', (each) => each.cells, 'count', 'none'),
    row('Citations', (_, story) => story.head.citations.length, 'count', 'more'),
    row('Confidence', (_, story) => story.head.confidence, 'share', 'more'),
  ]
}

/** `good`, `bad` or `same`: how the right run differs. */
export function verdict(difference: Difference): 'good' | 'bad' | 'same' {
  const { left, right, better } = difference
  if (left === null || right === null || left === right || better === 'none') return 'same'
  return right < left === (better === 'less') ? 'good' : 'bad'
}

export interface Piece {
  text: string
  side: 'both' | 'left' | 'right'
}

const MOST_WORDS = 1_500

/** Two texts word by word: what both have, and what only one has. */
export function wordDiff(left: string, right: string): Piece[] {
  const a = (left.match(/\s+|[^\s]+/g) ?? []).slice(0, MOST_WORDS)
  const b = (right.match(/\s+|[^\s]+/g) ?? []).slice(0, MOST_WORDS)
  const width = b.length + 1
  const common = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
    }
  }
  const pieces: Piece[] = []
  const put = (text: string, side: Piece['side']) => {
    const last = pieces.at(-1)
    if (last?.side === side) last.text += text
    else pieces.push({ text, side })
  }
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      put(a[i]!, 'both')
      i++
      j++
    } else if (j >= b.length || (i < a.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) put(a[i++]!, 'left')
    else put(b[j++]!, 'right')
  }
  return pieces
}
