/** The stored runs, newest first. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { count, money, oneLine, seconds, short, when } from '../format'
import { useKeys } from '../keys'
import { Refused, type ListedRun, type RunPage } from '../source'
import { Empty, Notice, State, TopBar, type Shared } from './parts'

const PAGE = 50

export function RunList(shared: Shared) {
  const { source } = shared
  const [words, setWords] = useState('')
  const [offset, setOffset] = useState(0)
  const [page, setPage] = useState<RunPage | null>(null)
  const [trouble, setTrouble] = useState('')
  const [selected, setSelected] = useState(0)
  const [marked, setMarked] = useState<string[]>([])
  const search = useRef<HTMLInputElement>(null)

  useEffect(() => {
    document.title = 'HARLM runs'
    let isCurrent = true
    const load = () =>
      source.runs(words, offset, PAGE).then(
        (found) => isCurrent && (setPage(found), setTrouble('')),
        (error: unknown) => isCurrent && setTrouble(error instanceof Refused ? error.message : String(error)),
      )
    const waiting = setTimeout(load, words ? 120 : 0)
    const again = setInterval(() => words === '' && document.visibilityState === 'visible' && load(), 3_000)
    return () => {
      isCurrent = false
      clearTimeout(waiting)
      clearInterval(again)
    }
  }, [words, offset])

  const runs = page?.runs ?? []
  useKeys((event) => {
    if (event.key === '/') {
      event.preventDefault()
      search.current?.focus()
    } else if (event.key === 'j') setSelected((at) => Math.min(at + 1, runs.length - 1))
    else if (event.key === 'k') setSelected((at) => Math.max(at - 1, 0))
    else if (event.key === 'Enter' && !(event.target as HTMLElement).closest('a, button')) {
      const run = runs[selected]
      if (run) location.hash = `#/run/${run.run}`
    }
  })

  const mark = (run: string) => setMarked((now) => (now.includes(run) ? now.filter((each) => each !== run) : [...now.slice(-1), run]))
  return (
    <>
      <TopBar shared={shared}>
        <input
          ref={search} class="search" type="search" placeholder="Search questions and ids" aria-label="Search runs" value={words}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
          onInput={(event) => (setWords(event.currentTarget.value), setOffset(0), setSelected(0))}
        />
      </TopBar>
      <main class="list">
        <div class="list-head">
          <h1>Runs</h1>
          <span class="muted">{page === null ? '' : `${count(page.total)} ${words ? 'found' : 'stored'}`}</span>
          <span class="grow" />
          {marked.length > 0 && (
            <a class={`button ${marked.length === 2 ? 'primary' : ''}`} href={marked.length === 2 ? `#/compare/${marked[0]}/${marked[1]}` : undefined} aria-disabled={marked.length < 2}>
              {marked.length === 2 ? 'Compare the two' : 'Choose one more to compare'}
            </a>
          )}
        </div>
        {trouble && <Notice kind="error">{trouble}</Notice>}
        {page !== null && runs.length === 0 && !trouble && (
          <Empty title={words ? 'No run has these words' : 'No runs are stored yet'}>
            <p>{words ? 'The search reads questions and ids.' : <>Ask something first: <code>harlm ask "…" ./docs</code></>}</p>
          </Empty>
        )}
        {runs.length > 0 && (
          <div class="card">
            <table class="runs">
              <thead>
                <tr>
                  <th scope="col"><span class="unseen">Compare</span></th>
                  <th scope="col">Question</th>
                  <th scope="col">State</th>
                  <th scope="col">Mode</th>
                  <th scope="col" class="number">Calls</th>
                  <th scope="col" class="number">Tokens</th>
                  <th scope="col" class="number">Cost</th>
                  <th scope="col" class="number">Time</th>
                  <th scope="col">Started</th>
                </tr>
              </thead>
              <tbody>
                {runs.map((run, at) => (
                  <Row key={run.run} run={run} isSelected={at === selected} isMarked={marked.includes(run.run)} mark={() => mark(run.run)} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {page !== null && page.total > PAGE && (
          <nav class="pages" aria-label="Pages of runs">
            <button type="button" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - PAGE))}>Newer</button>
            <span class="muted">
              {count(offset + 1)}–{count(Math.min(offset + PAGE, page.total))} of {count(page.total)}
            </span>
            <button type="button" disabled={offset + PAGE >= page.total} onClick={() => setOffset(offset + PAGE)}>Older</button>
          </nav>
        )}
      </main>
    </>
  )
}

function Row({ run, isSelected, isMarked, mark }: { run: ListedRun; isSelected: boolean; isMarked: boolean; mark(): void }) {
  const row = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [isSelected])
  const none = <span class="muted">–</span>
  return (
    <tr ref={row} class={isSelected ? 'selected' : ''} onClick={(event) => {
      if (!(event.target as HTMLElement).closest('a, input, label')) location.hash = `#/run/${run.run}`
    }}>
      <td><input type="checkbox" checked={isMarked} onChange={mark} aria-label={`Compare run ${run.run}`} /></td>
      <td class="wide">
        <a class="question" href={`#/run/${run.run}`}>{oneLine(run.question, 160) || 'a run that cannot be read'}</a>
        <span class="under mono">{run.run}{run.model && ` · ${oneLine(run.model, 60)}`}{run.tokens > 0 && ` · over ${short(run.tokens)} tokens`}</span>
      </td>
      <td><State state={run.state} /></td>
      <td>{run.mode || none}</td>
      <td class="number">{run.calls === null ? none : count(run.calls)}</td>
      <td class="number">{run.used_tokens === null ? none : short(run.used_tokens)}</td>
      <td class="number">{run.cost === null ? none : money(run.cost * 1e6)}</td>
      <td class="number">{run.seconds === null ? none : seconds(run.seconds)}</td>
      <td class="nowrap">{when(run.started)}</td>
    </tr>
  )
}
