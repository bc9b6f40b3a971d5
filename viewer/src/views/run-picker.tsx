/** Chooses a run to compare with. */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { oneLine, when } from '../format'
import { Refused, type ListedRun } from '../source'
import { State, type Shared } from './parts'

export function RunPicker({ shared, not, pick, close }: { shared: Shared; not: string; pick(run: string): void; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [words, setWords] = useState('')
  const [runs, setRuns] = useState<ListedRun[]>([])
  const [trouble, setTrouble] = useState('')
  useLayoutEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    let isCurrent = true
    const waiting = setTimeout(() => {
      shared.source.runs(words, 0, 30).then(
        (page) => isCurrent && setRuns(page.runs.filter((run) => run.run !== not)),
        (error: unknown) => isCurrent && setTrouble(error instanceof Refused ? error.message : String(error)),
      )
    }, words ? 120 : 0)
    return () => {
      isCurrent = false
      clearTimeout(waiting)
    }
  }, [words])
  return (
    <dialog ref={dialog} class="picker" onClose={close} aria-labelledby="picker-title">
      <h2 id="picker-title">Compare with</h2>
      <input class="search" type="search" placeholder="Search questions and ids" aria-label="Search runs" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      {trouble && <p>{trouble}</p>}
      <ul class="plain picks">
        {runs.map((run) => (
          <li key={run.run}>
            <button type="button" class="pick" onClick={() => pick(run.run)}>
              <span class="clip">{oneLine(run.question, 90)}</span>
              <State state={run.state} />
              <small class="muted">{when(run.started)}</small>
            </button>
          </li>
        ))}
        {runs.length === 0 && <li class="muted">There is no other run.</li>}
      </ul>
      <button type="button" onClick={() => dialog.current?.close()}>Cancel</button>
    </dialog>
  )
}
