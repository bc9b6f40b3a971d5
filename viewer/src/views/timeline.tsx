/** The waterfall: what ran when, in bands by depth, drawn on a canvas so that ten thousand bars move smoothly. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { money, oneLine, plural, seconds, short } from '../format'
import { useKeys } from '../keys'
import { layOut, ticks, type Layout } from '../layout'
import type { Node, Span, Story } from '../story'
import { colour } from '../theme'
import type { ViewProps } from './run-view'

const ROW = 20
const GUTTER = 92
const AXIS = 26
const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif'

interface Window {
  from: number
  to: number
}

interface Hover {
  x: number
  y: number
  span?: Span
  node?: Node
}

export function Timeline(props: ViewProps) {
  const { story, version, critical, selected, select, shared } = props
  const layout = useMemo(() => layOut(story), [story, version])
  const path = useMemo(() => new Set(critical), [critical])
  const whole: Window = { from: 0, to: story.total }
  const [zoomed, setZoomed] = useState<Window | null>(null)
  const [showsPath, setShowsPath] = useState(true)
  const [hover, setHover] = useState<Hover | null>(null)
  const [size, setSize] = useState({ width: 800, height: 400 })
  const shown = zoomed ?? whole
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const drag = useRef<{ x: number; window: Window; hasMoved: boolean } | null>(null)

  useEffect(() => {
    const element = box.current!
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight })
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const draw = useRef<() => void>(() => undefined)
  draw.current = () => {
    const element = canvas.current
    if (element !== null && box.current !== null) {
      paint(element, size, { story, layout, shown, top: box.current.scrollTop, path: showsPath ? path : new Set(), critical: showsPath ? critical : [], selected })
    }
  }
  useEffect(() => draw.current())

  const zoom = (factor: number, at = 0.5) => {
    const width = Math.max((shown.to - shown.from) * factor, story.total / 20_000)
    const middle = shown.from + at * (shown.to - shown.from)
    moveTo(middle - at * width, width)
  }
  const moveTo = (from: number, width: number) => {
    if (width >= story.total * 0.999) return setZoomed(null)
    const start = Math.min(Math.max(0, from), story.total - width)
    setZoomed({ from: start, to: start + width })
  }

  useKeys((event) => {
    const width = shown.to - shown.from
    if (event.key === '+' || event.key === '=') zoom(0.6)
    else if (event.key === '-') zoom(1 / 0.6)
    else if (event.key === '0') setZoomed(null)
    else if (event.key === 'ArrowRight' && zoomed) moveTo(shown.from + width * 0.2, width)
    else if (event.key === 'ArrowLeft' && zoomed) moveTo(shown.from - width * 0.2, width)
  })

  useEffect(() => {
    if (selected === null || box.current === null) return
    const row = selected.kind === 'span' ? layout.spanRow[selected.id] : selected.kind === 'node' ? layout.nodeRow[selected.id] : undefined
    if (row === undefined) return
    const y = row * ROW
    const { scrollTop, clientHeight } = box.current
    if (y < scrollTop || y > scrollTop + clientHeight - AXIS - 2 * ROW) box.current.scrollTop = Math.max(0, y - clientHeight / 2)
    const span = selected.kind === 'span' ? story.spans[selected.id] : undefined
    if (span && zoomed && (span.start > zoomed.to || (span.end ?? story.total) < zoomed.from)) {
      moveTo(span.start - (zoomed.to - zoomed.from) / 3, zoomed.to - zoomed.from)
    }
  }, [selected])

  const under = (event: MouseEvent): Hover => {
    const bounds = canvas.current!.getBoundingClientRect()
    const x = event.clientX - bounds.left
    const y = event.clientY - bounds.top
    return { x, y, ...hit(story, layout, shown, size.width, x, y + box.current!.scrollTop) }
  }
  const onMove = (event: PointerEvent) => {
    const start = drag.current
    if (start === null) return setHover(under(event))
    const moved = event.clientX - start.x
    if (Math.abs(moved) > 3) start.hasMoved = true
    if (start.hasMoved) {
      setHover(null)
      const width = start.window.to - start.window.from
      moveTo(start.window.from - (moved / (size.width - GUTTER)) * width, width)
    }
  }
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) return
    event.preventDefault()
    if (event.shiftKey) moveTo(shown.from + (event.deltaY / 600) * (shown.to - shown.from), shown.to - shown.from)
    else zoom(Math.exp(event.deltaY / 300), Math.min(Math.max((under(event).x - GUTTER) / (size.width - GUTTER), 0), 1))
  }
  const pick = (event: MouseEvent) => {
    const found = under(event)
    if (found.span) select({ kind: 'span', id: found.span.id })
    else if (found.node) select({ kind: 'node', id: found.node.id })
  }
  const height = AXIS + layout.rows * ROW + 12
  return (
    <div class="timeline">
      <div class="toolbar">
        <Legend />
        <span class="grow" />
        <label class="check">
          <input type="checkbox" checked={showsPath} onChange={(event) => setShowsPath(event.currentTarget.checked)} />
          Critical path
        </label>
        <div class="group" role="group" aria-label="Zoom">
          <button type="button" onClick={() => zoom(1 / 0.6)} disabled={zoomed === null} aria-label="Zoom out" title="Zoom out (−)">−</button>
          <button type="button" onClick={() => setZoomed(null)} disabled={zoomed === null} title="The whole run (0)">Whole run</button>
          <button type="button" onClick={() => zoom(0.6)} aria-label="Zoom in" title="Zoom in (+, or Ctrl and the wheel)">+</button>
        </div>
      </div>
      <div class="canvas-wrap">
      <div
        ref={box} class="canvas-box" style={{ height: `min(${Math.max(height, 140)}px, max(340px, calc(100vh - 420px)))` }}
        onScroll={() => draw.current()} tabIndex={0} role="region" aria-label="Timeline, scrollable; the tab Calls lists the same"
      >
        <div style={{ height: `${height}px` }}>
          <canvas
            ref={canvas} class={drag.current?.hasMoved ? 'dragging' : ''} role="img"
            aria-label={`Timeline of ${plural(story.nodes.length, 'node')} and ${plural(story.spans.length, 'span')} over ${seconds(story.total)}`}
            onPointerMove={onMove} onPointerLeave={() => setHover(null)} onWheel={onWheel}
            onPointerDown={(event) => {
              drag.current = { x: event.clientX, window: shown, hasMoved: false }
              if (zoomed) event.currentTarget.setPointerCapture(event.pointerId)
            }}
            onPointerUp={(event) => {
              if (!drag.current?.hasMoved) pick(event)
              drag.current = null
            }}
            onDblClick={(event) => {
              const { span, node } = under(event)
              const found = span ?? node
              if (found) moveTo(found.start - 0.15 * ((found.end ?? story.total) - found.start), 1.3 * Math.max((found.end ?? story.total) - found.start, story.total / 5_000))
            }}
          />
        </div>
      </div>
        {hover && (hover.span || hover.node) && <Tip story={story} hover={hover} width={size.width} isOnPath={hover.span !== undefined && path.has(hover.span.id)} />}
      </div>
      <p class="hint muted">
        {shared.source.isReport ? 'Report. ' : ''}Ctrl and the wheel zoom, dragging moves, a double click fits, <kbd>j</kbd> and <kbd>k</kbd> step.
      </p>
    </div>
  )
}

function Legend() {
  const items: [string, string][] = [
    ['root', 'root call'], ['sub', 'sub-call'], ['cell', 'cell'], ['tool', 'tool'], ['search', 'search'], ['reused', 'reused'],
    ['retracted', 'retracted'], ['cancelled', 'cancelled'], ['failed', 'failed'],
  ]
  return (
    <ul class="legend" aria-label="Colours">
      {items.map(([name, label]) => (
        <li key={name}>
          <i class={`swatch swatch-${name}`} aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  )
}

function Tip({ story, hover, width, isOnPath }: { story: Story; hover: Hover; width: number; isOnPath: boolean }) {
  const { span, node } = hover
  const end = (span?.end ?? node?.end ?? story.total) - (span?.start ?? node?.start ?? 0)
  const style = { left: `${Math.min(hover.x + 14, Math.max(0, width - 340))}px`, top: `${hover.y + 18}px` }
  return (
    <div class="tip" style={style}>
      {span ? (
        <>
          <b>{oneLine(span.label, 60) || span.kind}</b> {span.role} {span.kind}
          <div class="muted">
            {seconds(end)} from {seconds(span.start)} · node {oneLine(story.nodeOf(span)?.name ?? '?', 20)}
            {span.input + span.output > 0 && ` · ${short(span.input + span.output)} tokens`}
            {span.micros ? ` · ${money(span.micros)}` : ''}
            {span.state !== 'ok' && ` · ${span.state}`}
            {span.early === 1 && ' · made early'}
            {span.early === 2 && ' · made early, retracted'}
            {isOnPath && ' · critical path'}
          </div>
          {span.text && <div class="tip-text">{oneLine(span.text, 160)}</div>}
        </>
      ) : (
        <>
          <b>node {oneLine(node!.name, 30)}</b> {node!.mode} {node!.status}
          <div class="muted">{seconds(end)} from {seconds(node!.start)}{node!.race && ` · branch ${node!.race}`}</div>
          <div class="tip-text">{oneLine(node!.question, 160)}</div>
        </>
      )}
    </div>
  )
}

const nameOf = (span: Span): string =>
  span.state === 'failed' ? 'failed'
  : span.state === 'cancelled' || span.state === 'stopped' ? 'cancelled'
  : span.early === 2 ? 'retracted'
  : span.kind === 'call' ? (span.role === 'root' ? 'root' : 'sub')
  : span.kind

interface Picture {
  story: Story
  layout: Layout
  shown: Window
  top: number
  path: ReadonlySet<number>
  critical: readonly number[]
  selected: ViewProps['selected']
}

function paint(canvas: HTMLCanvasElement, size: { width: number; height: number }, picture: Picture): void {
  const { story, layout, shown, top, path, critical, selected } = picture
  const scale = devicePixelRatio || 1
  if (canvas.width !== Math.round(size.width * scale) || canvas.height !== Math.round(size.height * scale)) {
    canvas.width = Math.round(size.width * scale)
    canvas.height = Math.round(size.height * scale)
    canvas.style.width = `${size.width}px`
    canvas.style.height = `${size.height}px`
  }
  const pen = canvas.getContext('2d')!
  pen.setTransform(scale, 0, 0, scale, 0, 0)
  pen.clearRect(0, 0, size.width, size.height)
  pen.font = FONT
  pen.textBaseline = 'middle'
  const paints = paintsOf(pen)
  const perSecond = (size.width - GUTTER - 8) / (shown.to - shown.from)
  const x = (time: number) => GUTTER + (time - shown.from) * perSecond
  const y = (row: number) => AXIS + row * ROW - top
  const times = ticks(shown.from, shown.to, (size.width - GUTTER) / 110)

  pen.fillStyle = paints['line']!
  for (const time of times.times) pen.fillRect(Math.round(x(time)), AXIS, 1, size.height - AXIS)

  pen.save()
  pen.beginPath()
  pen.rect(GUTTER, AXIS, size.width - GUTTER, size.height - AXIS)
  pen.clip()
  const first = Math.max(0, Math.floor((top - ROW) / ROW))
  const last = Math.min(layout.rows, Math.ceil((top + size.height) / ROW))
  for (let row = first; row < last; row++) {
    for (const id of layout.nodesInRow[row]!) paintNode(pen, paints, story.nodes[id]!, story.total, x, y(row), selected?.kind === 'node' && selected.id === id, size.width)
    let drawn = -1
    for (const id of layout.inRow[row]!) {
      const span = story.spans[id]!
      const left = x(span.start)
      const right = Math.max(x(span.end ?? story.total), left + 1.5)
      const isSelected = selected?.kind === 'span' && selected.id === id
      if (right < GUTTER || left > size.width || (right - left < 2 && left < drawn + 1 && !isSelected && !path.has(id))) continue
      drawn = right
      paintSpan(pen, paints, span, left, right, y(row), path.has(id), isSelected, size.width)
    }
  }
  paintPath(pen, paints, story, layout, critical, x, y)
  pen.restore()
  paintGutter(pen, paints, layout, y, size)
  paintAxis(pen, paints, times, x, size)
}

const NAMES = ['root', 'sub', 'cell', 'tool', 'search', 'reused', 'retracted', 'cancelled', 'failed', 'critical', 'line', 'text', 'muted', 'surface', 'raised', 'accent', 'on-bar', 'node']

function paintsOf(_pen: CanvasRenderingContext2D): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, colour(name)]))
}

type Paints = Record<string, string>

function paintNode(pen: CanvasRenderingContext2D, paints: Paints, node: Node, total: number, x: (time: number) => number, y: number, isSelected: boolean, width: number): void {
  const left = Math.max(x(node.start), GUTTER - 4)
  const right = Math.min(Math.max(x(node.end ?? total), left + 2), width + 4)
  if (right < GUTTER || left > width) return
  pen.fillStyle = paints['node']!
  rounded(pen, left, y + 2, right - left, ROW - 4, 3)
  pen.fill()
  if (isSelected) {
    pen.strokeStyle = paints['accent']!
    pen.lineWidth = 1.5
    pen.stroke()
  }
  const isBad = node.status === 'failed' || node.race === 'beaten' || node.race === 'cancelled' || node.status === 'cancelled'
  label(pen, `${node.name} ${node.mode}${node.race ? ` (${node.race})` : ''}  ${node.question}`, left, right, y, isBad ? paints['failed']! : paints['text']!)
}

function paintSpan(
  pen: CanvasRenderingContext2D, paints: Paints, span: Span, left: number, right: number, y: number, isOnPath: boolean, isSelected: boolean, width: number,
): void {
  const name = nameOf(span)
  const isHollow = name === 'retracted' || name === 'cancelled'
  const [from, to] = [Math.max(left, GUTTER - 4), Math.min(right, width + 4)]
  pen.fillStyle = paints[name]!
  if (to - from < 4) pen.fillRect(from, y + 3, Math.max(to - from, 1.5), ROW - 6)
  else {
    pen.globalAlpha = isHollow ? 0.22 : span.state === 'running' ? 0.65 : 1
    rounded(pen, from, y + 3, to - from - 0.5, ROW - 6, 2.5)
    pen.fill()
    pen.globalAlpha = 1
    if (isHollow) {
      pen.strokeStyle = paints[name]!
      pen.setLineDash(name === 'cancelled' ? [2, 2] : [4, 2])
      pen.lineWidth = 1
      pen.stroke()
      pen.setLineDash([])
    }
  }
  if (isOnPath) {
    pen.fillStyle = paints['critical']!
    pen.fillRect(from, y + ROW - 3, Math.max(to - from, 2), 2)
  }
  if (isSelected) {
    pen.strokeStyle = paints['text']!
    pen.lineWidth = 2
    rounded(pen, from - 1.5, y + 1.5, to - from + 2.5, ROW - 3, 3.5)
    pen.stroke()
  }
  if (to - from > 34) label(pen, span.kind === 'call' || span.kind === 'reused' ? span.label.slice(span.label.lastIndexOf('/') + 1) : span.label, from, to, y, isHollow ? paints['text']! : paints['on-bar']!)
}

function paintPath(pen: CanvasRenderingContext2D, paints: Paints, story: Story, layout: Layout, critical: readonly number[], x: (time: number) => number, y: (row: number) => number): void {
  if (critical.length > 2_000) return
  pen.strokeStyle = paints['critical']!
  pen.lineWidth = 1
  pen.globalAlpha = 0.7
  pen.beginPath()
  for (let at = 1; at < critical.length; at++) {
    const [before, span] = [story.spans[critical[at - 1]!]!, story.spans[critical[at]!]!]
    const [startX, startY] = [x(before.end ?? 0), y(layout.spanRow[before.id]!) + ROW - 2]
    const [endX, endY] = [x(span.start), y(layout.spanRow[span.id]!) + ROW - 2]
    pen.moveTo(startX, startY)
    pen.lineTo(endX, startY)
    pen.lineTo(endX, endY)
  }
  pen.stroke()
  pen.globalAlpha = 1
}

function paintGutter(pen: CanvasRenderingContext2D, paints: Paints, layout: Layout, y: (row: number) => number, size: { width: number; height: number }): void {
  pen.fillStyle = paints['surface']!
  pen.fillRect(0, AXIS, GUTTER - 6, size.height - AXIS)
  for (const band of layout.bands) {
    const [top, bottom] = [y(band.row), y(band.row + band.rows)]
    if (bottom < AXIS || top > size.height) continue
    const from = Math.max(top, AXIS)
    pen.fillStyle = paints['line']!
    pen.fillRect(GUTTER - 9, from + 2, 2, Math.max(2, Math.min(bottom, size.height) - from - 4))
    pen.fillStyle = paints['text']!
    pen.fillText(`depth ${band.depth}`, 10, from + ROW / 2)
    pen.fillStyle = paints['muted']!
    if (Math.min(bottom, size.height) - from > 1.8 * ROW) pen.fillText(`${short(band.nodes)} node${band.nodes === 1 ? '' : 's'}`, 10, from + ROW * 1.5)
    if (Math.min(bottom, size.height) - from > 2.8 * ROW) pen.fillText(`${short(band.spans)} span${band.spans === 1 ? '' : 's'}`, 10, from + ROW * 2.3)
  }
}

function paintAxis(pen: CanvasRenderingContext2D, paints: Paints, times: { step: number; times: number[] }, x: (time: number) => number, size: { width: number }): void {
  pen.fillStyle = paints['surface']!
  pen.fillRect(0, 0, size.width, AXIS)
  pen.fillStyle = paints['line']!
  pen.fillRect(0, AXIS - 1, size.width, 1)
  pen.fillStyle = paints['muted']!
  for (const time of times.times) {
    const text = axisText(time, times.step)
    pen.fillText(text, Math.min(x(time) + 4, size.width - pen.measureText(text).width - 4), AXIS / 2)
  }
}

function axisText(time: number, step: number): string {
  if (step >= 60) return seconds(time)
  return step >= 1 ? `${time.toFixed(0)} s` : step >= 0.001 ? `${(time * 1e3).toFixed(0)} ms` : `${(time * 1e3).toFixed(2)} ms`
}

function label(pen: CanvasRenderingContext2D, text: string, left: number, right: number, y: number, fill: string): void {
  const room = right - Math.max(left, GUTTER) - 10
  if (room < 16) return
  const line = oneLine(text, Math.max(2, Math.floor(room / 5.9)))
  pen.save()
  pen.beginPath()
  pen.rect(Math.max(left, GUTTER), y, room + 10, ROW)
  pen.clip()
  pen.fillStyle = fill
  pen.fillText(line, Math.max(left, GUTTER) + 6, y + ROW / 2 + 0.5)
  pen.restore()
}

function rounded(pen: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, radius: number): void {
  pen.beginPath()
  pen.roundRect(x, y, Math.max(width, 0.5), height, Math.min(radius, width / 2))
}

function hit(story: Story, layout: Layout, shown: Window, width: number, x: number, y: number): { span?: Span; node?: Node } {
  const row = Math.floor((y - AXIS) / ROW)
  if (x < GUTTER || row < 0 || row >= layout.rows) return {}
  const perPixel = (shown.to - shown.from) / (width - GUTTER - 8)
  const time = shown.from + (x - GUTTER) * perPixel
  const slack = 3 * perPixel
  let nearest: Span | undefined
  for (const id of layout.inRow[row]!) {
    const span = story.spans[id]!
    if (span.start - slack > time) break
    if ((span.end ?? story.total) + slack >= time) nearest = span
  }
  if (nearest) return { span: nearest }
  const node = layout.nodesInRow[row]!.map((id) => story.nodes[id]!).find((each) => each.start <= time && (each.end ?? story.total) >= time)
  return node ? { node } : {}
}
