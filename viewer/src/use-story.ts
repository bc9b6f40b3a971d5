/** A run from the source, and what is new in it as long as it works. */

import { useEffect, useRef, useState } from 'preact/hooks'
import { Refused, type Source } from './source'
import { Story } from './story'

export interface Loaded {
  story: Story | null
  trouble: string
  /** Raised whenever the story has changed. */
  version: number
}

const AGAIN_S = 3

export function useStory(source: Source, run: string): Loaded {
  const [trouble, setTrouble] = useState('')
  const [version, setVersion] = useState(0)
  const story = useRef<Story | null>(null)

  useEffect(() => {
    let stop: () => void = () => undefined
    let again: ReturnType<typeof setTimeout> | undefined
    let isCurrent = true
    const load = () =>
      source.story(run).then(
        (message) => {
          if (!isCurrent) return
          story.current = new Story(message)
          setTrouble('')
          setVersion((now) => now + 1)
          if (story.current.isLive) follow()
        },
        (error: unknown) => isCurrent && setTrouble(error instanceof Refused ? error.message : String(error)),
      )
    const follow = () => {
      stop = source.follow(
        run,
        (message) => {
          story.current?.take(message)
          setVersion((now) => now + 1)
        },
        () => {
          if (isCurrent && story.current?.isLive) again = setTimeout(load, AGAIN_S * 1_000)
        },
      )
    }
    void load()
    return () => {
      isCurrent = false
      stop()
      clearTimeout(again)
    }
  }, [source, run])
  return { story: story.current, trouble, version }
}
