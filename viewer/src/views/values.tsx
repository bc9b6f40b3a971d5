/** Texts of events: fetched when they are looked at, long ones only on demand. */

import { useEffect, useState } from 'preact/hooks'
import { bytes } from '../format'
import { Refused, type Source, type StoredEvent } from '../source'
import { Text, type Shared } from './parts'

const AT_ONCE = 40_000 // bytes of a long text that is fetched without being asked for

export function useEvent(source: Source, run: string, seq: number): { event: StoredEvent | null; trouble: string } {
  const [found, setFound] = useState<{ event: StoredEvent | null; trouble: string }>({ event: null, trouble: '' })
  useEffect(() => {
    if (!seq) return
    let isCurrent = true
    source.event(run, seq).then(
      (event) => isCurrent && setFound({ event, trouble: '' }),
      (error: unknown) => isCurrent && setFound({ event: null, trouble: error instanceof Refused ? error.message : String(error) }),
    )
    return () => {
      isCurrent = false
    }
  }, [source, run, seq])
  return found
}

interface Blob {
  blob: string
  bytes: number
}

export function isBlob(value: unknown): value is Blob {
  return typeof value === 'object' && value !== null && 'blob' in value && 'bytes' in value && typeof value.blob === 'string'
}

/** The value that a reference stands for, once it was fetched. */
export function useValue(shared: Shared, run: string, value: unknown): { value: unknown; trouble: string; size: number; load(): void } {
  const [loaded, setLoaded] = useState<unknown>(undefined)
  const [trouble, setTrouble] = useState('')
  const size = isBlob(value) ? value.bytes : 0
  const load = () => {
    if (!isBlob(value)) return
    shared.source.blob(run, value.blob).then(setLoaded, (error: unknown) => setTrouble(error instanceof Refused ? error.message : String(error)))
  }
  useEffect(() => {
    if (size > 0 && size <= AT_ONCE) load()
  }, [value])
  return { value: isBlob(value) ? loaded : value, trouble, size, load }
}

export function Value(props: { shared: Shared; run: string; value: unknown; trouble: string; name: string; isCode?: boolean }) {
  const { value, trouble, size, load } = useValue(props.shared, props.run, props.value)
  if (props.trouble || trouble) return <p class="muted">{props.trouble || trouble}</p>
  if (value === undefined) {
    return size > AT_ONCE ? (
      <button type="button" class="quiet small" onClick={load}>
        Load {props.name} ({bytes(size)})
      </button>
    ) : (
      <p class="muted loading">…</p>
    )
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  return text === '' ? <p class="muted">empty</p> : <Text text={text} isCode={props.isCode ?? false} />
}

export interface Message {
  role: string
  content: string
}

export function messagesOf(value: unknown): Message[] {
  if (!Array.isArray(value)) return []
  return value.filter((each): each is Message => typeof each === 'object' && each !== null && 'content' in each && typeof each.content === 'string')
}
