/** What was used of each limit over time, and by which models. */

import { useMemo } from 'preact/hooks'
import { count, money, oneLine, seconds, share, short } from '../format'
import { burnDown, type Burn } from '../series'
import { Chart } from './chart'
import { Notice } from './parts'
import type { ViewProps } from './run-view'

const NAMES: Record<string, string> = { usd: 'Cost', tokens: 'Tokens', calls: 'Calls', seconds: 'Time' }
const text = (name: string, value: number): string => (name === 'usd' ? money(value * 1e6) : name === 'seconds' ? seconds(value) : short(value))

export function BudgetView({ story, version, shared }: ViewProps) {
  const burns = useMemo(() => burnDown(story), [story, version])
  const reached = story.marks.filter((mark) => mark.kind === 'limit_reached')
  const models = Object.entries(story.head.usage?.by_model ?? {})
  return (
    <>
      {reached.slice(0, 5).map((mark) => (
        <Notice key={mark.id} kind="warning">
          {seconds(mark.at)}, node {oneLine(story.nodes[mark.node]?.name ?? '?', 20)}: {oneLine(mark.text, 300)}
        </Notice>
      ))}
      <div class="charts">
        {burns.map((burn) => (
          <BurnChart key={burn.name} burn={burn} themeName={shared.theme.name} />
        ))}
      </div>
      {models.length > 0 && (
        <div class="card block">
          <h3>By model</h3>
          <table>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" class="number">Calls</th>
                <th scope="col" class="number">Input</th>
                <th scope="col" class="number">Cached</th>
                <th scope="col" class="number">Output</th>
                <th scope="col" class="number">Reasoning</th>
                <th scope="col" class="number">Cost</th>
              </tr>
            </thead>
            <tbody>
              {models.map(([name, usage]) => (
                <tr key={name}>
                  <td>{oneLine(name, 60)}</td>
                  <td class="number">{count(usage.calls)}</td>
                  <td class="number">{count(usage.input_tokens)}</td>
                  <td class="number">{share(usage.cached_tokens, usage.input_tokens)}</td>
                  <td class="number">{count(usage.output_tokens)}</td>
                  <td class="number">{count(usage.reasoning_tokens)}</td>
                  <td class="number">{money(usage.cost_micros)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function BurnChart({ burn, themeName }: { burn: Burn; themeName: string }) {
  const used = burn.used.values.at(-1) ?? 0
  const { limit } = burn
  const lines = useMemo(
    () => [{ name: limit === null ? 'used' : 'left', paint: 'accent', values: limit === null ? burn.used.values : burn.used.values.map((value) => Math.max(0, limit - value)) }],
    [burn],
  )
  const told = limit === null ? `${text(burn.name, used)} used, no limit` : `${text(burn.name, Math.max(0, limit - used))} left of ${text(burn.name, limit)} (${share(used, limit)} used)`
  return (
    <figure class="card block">
      <figcaption>
        <b>{NAMES[burn.name]}</b> <span class="muted">{told}{burn.isLow && '; the price of some calls is unknown'}</span>
      </figcaption>
      <Chart at={burn.used.at} lines={lines} limit={limit ?? undefined} text={(value) => text(burn.name, value)} label={`${NAMES[burn.name]} over time: ${told}`} themeName={themeName} isWhole={burn.name === 'calls' || burn.name === 'tokens'} />
    </figure>
  )
}
