/** One run: its head, the tabs, what is selected, and search. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useKeys } from '../keys'
import { criticalPath, treeOrder } from '../layout'
import type { Story } from '../story'
import { useStory } from '../use-story'
import { BudgetView } from './budget-view'
import { CallsView } from './calls-view'
import { CellsView } from './cells-view'
import { Detail } from './detail'
import { GraphView } from './graph-view'
import { MemoryView } from './memory-view'
import { Empty, Notice, TopBar, type Shared } from './parts'
import { RouteView } from './route-view'
import { RunHead } from './run-head'
import { RunPicker } from './run-picker'
import { SearchBox } from './search-box'
import { SourcesView } from './sources-view'
import { Timeline } from './timeline'
import { TreeView } from './tree-view'

export type Selection = { kind: 'span' | 'node' | 'source'; id: number }

export interface ViewProps {
  story: Story
  version: number
  critical: readonly number[]
  selected: Selection | null
  select(selection: Selection): void
  shared: Shared
}

const TABS = [
  ['Timeline', Timeline],
  ['Tree', TreeView],
  ['Graph', GraphView],
  ['Cells', CellsView],
  ['Calls', CallsView],
  ['Budget', BudgetView],
  ['Memory', MemoryView],
  ['Route', RouteView],
  ['Sources', SourcesView],
] as const

export function RunView({ run, ...shared }: Shared & { run: string }) {
  const { story, trouble, version } = useStory(shared.source, run)
  const [tab, setTab] = useState(0)
  const [selected, setSelected] = useState<Selection | null>(null)
  const [isOpen, setOpen] = useState(false)
  const [isPicking, setPicking] = useState(false)
  const search = useRef<HTMLInputElement>(null)
  const critical = useMemo(() => (story === null ? [] : criticalPath(story.spans)), [story, version])

  const select = (selection: Selection) => {
    setSelected(selection)
    setOpen(true)
  }

  useEffect(() => {
    document.title = story === null ? 'HARLM run' : `${story.head.question.slice(0, 60)} · HARLM`
  }, [story])

  const now = useRef(selected)
  now.current = selected
  useKeys((event) => {
    const number = Number(event.key)
    if (story === null) return
    if (number >= 1 && number <= TABS.length) setTab(number - 1)
    else if (event.key === '/') {
      event.preventDefault()
      search.current?.focus()
    } else if (event.key === 'Escape') setOpen(false)
    else if (event.key === 'j' || event.key === 'k') {
      if (document.activeElement instanceof HTMLButtonElement) document.activeElement.blur() // else Enter would press it again
      now.current = moved(story, TABS[tab]![0], now.current, event.key === 'j' ? 1 : -1)
      setSelected(now.current)
    } else if (event.key === 'Enter' && now.current && !(event.target as HTMLElement).closest('a, button')) setOpen(true)
    else if (event.key === 'c' && !shared.source.isReport) setPicking(true)
    else if (event.key === 'l' && !shared.source.isReport) location.hash = '#/'
  })

  if (story === null) {
    return (
      <>
        <TopBar shared={shared} />
        <main class="list">{trouble ? <Notice kind="error">{trouble}</Notice> : <Empty title="Reading the run…" />}</main>
      </>
    )
  }
  const View = TABS[tab]![1]
  const props: ViewProps = { story, version, critical, selected, select, shared }
  return (
    <>
      <TopBar shared={shared}>
        <SearchBox story={story} shared={shared} input={search} select={select} />
        {!shared.source.isReport && (
          <button type="button" class="quiet" onClick={() => setPicking(true)} title="Compare with another run (c)">
            Compare
          </button>
        )}
      </TopBar>
      <main class={isOpen && selected ? 'run with-detail' : 'run'}>
        <div class="run-main">
          {trouble && <Notice kind="error">{trouble}</Notice>}
          {story.head.warnings.map((warning) => (
            <Notice key={warning} kind="warning">{warning}</Notice>
          ))}
          <RunHead story={story} openSources={() => setTab(8)} />
          <div class="tabs" role="tablist" aria-label="Views of the run">
            {TABS.map(([name], at) => (
              <button
                key={name} type="button" role="tab" id={`tab-${at}`} aria-selected={at === tab} aria-controls="panel"
                tabIndex={at === tab ? 0 : -1} onClick={() => setTab(at)} onKeyDown={(event) => alongTabs(event, at, setTab)}
              >
                {name}
                <CountOf story={story} tab={name} />
              </button>
            ))}
          </div>
          <div id="panel" class="panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            <View {...props} />
          </div>
        </div>
        {isOpen && selected && <Detail key={`${selected.kind} ${selected.id}`} {...props} close={() => setOpen(false)} />}
      </main>
      {isPicking && <RunPicker shared={shared} not={run} pick={(other) => (location.hash = `#/compare/${run}/${other}`)} close={() => setPicking(false)} />}
    </>
  )
}

function CountOf({ story, tab }: { story: Story; tab: string }) {
  const counts: Record<string, number> = {
    Tree: story.nodes.length,
    Graph: story.graphs.length,
    Cells: story.spans.reduce((sum, span) => sum + Number(span.kind === 'cell'), 0),
    Calls: story.spans.length,
    Sources: story.head.citations.length,
  }
  const found = counts[tab]
  return found === undefined ? null : <span class="count">{found.toLocaleString('en-US')}</span>
}

function alongTabs(event: KeyboardEvent, at: number, setTab: (at: number) => void): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (!step) return
  event.preventDefault()
  event.stopPropagation()
  const next = (at + step + TABS.length) % TABS.length
  setTab(next)
  document.getElementById(`tab-${next}`)?.focus()
}

/** What is selected after a step in what a tab lists. */
function moved(story: Story, tab: string, from: Selection | null, step: number): Selection | null {
  const listed: Selection[] =
    tab === 'Tree'
      ? treeOrder(story, new Set()).map((node) => ({ kind: 'node', id: node.id }))
      : tab === 'Sources'
        ? story.head.citations.map((_, id) => ({ kind: 'source', id }))
        : story.spans.filter((span) => tab !== 'Cells' || span.kind === 'cell').map((span) => ({ kind: 'span', id: span.id }))
  if (!listed.length) return from
  const at = from === null ? -1 : listed.findIndex((each) => each.kind === from.kind && each.id === from.id)
  return listed[at < 0 ? (step > 0 ? 0 : listed.length - 1) : Math.min(Math.max(at + step, 0), listed.length - 1)] ?? null
}
