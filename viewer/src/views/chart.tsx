/** A chart of values over time, drawn by uPlot. */

import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { seconds } from '../format'
import { colour } from '../theme'

const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** power)).flat()

export interface Line {
  name: string
  paint: string
  values: number[]
}

export function Chart({ at, lines, text, label, height = 190, limit, themeName, isWhole = false }: {
  at: number[]
  lines: Line[]
  text(value: number): string
  label: string
  height?: number
  limit?: number | undefined
  themeName: string
  /** Whether values are counts, between which the axis has no marks. */
  isWhole?: boolean
}) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = box.current!
    const axis = { stroke: colour('muted'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1, size: 4 }, font: '11px system-ui' }
    const most = Math.max(limit ?? 0, ...lines.flatMap((line) => [line.values.reduce((a, b) => Math.max(a, b), 0)]))
    const plot = new uPlot(
      {
        width: Math.max(element.clientWidth, 200),
        height,
        padding: [10, 14, 0, 0],
        legend: { show: false },
        cursor: { points: { size: 6 }, drag: { x: false, y: false } },
        scales: { x: { time: false }, y: { range: [0, most > 0 ? most * 1.06 : 1] } },
        axes: [
          { ...axis, values: (_, splits) => splits.map((value) => seconds(value)), space: 80, size: 32 },
          { ...axis, values: (_, splits) => splits.map(text), size: 76, ...(isWhole ? { incrs: WHOLE } : {}) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.name, stroke: colour(line.paint), width: 1.75, fill: lines.length === 1 ? `${colour(line.paint)}22` : undefined,
            paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false },
          })),
        ],
      } as uPlot.Options,
      [at, ...lines.map((line) => line.values)],
      element,
    )
    const observer = new ResizeObserver(() => plot.setSize({ width: Math.max(element.clientWidth, 200), height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [at, lines, themeName])
  return <div ref={box} class="chart" role="img" aria-label={label} />
}
