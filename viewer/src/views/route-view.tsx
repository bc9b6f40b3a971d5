/** Why the run took its way, and how sure its answer is. */

import { money, oneLine, seconds, share, visible } from '../format'
import type { Judged, Route, Story } from '../story'
import { Bar } from './memory-view'
import { Notice } from './parts'
import type { ViewProps } from './run-view'

export function RouteView({ story }: ViewProps) {
  const { routes, judged, head } = story
  const told = story.marks.filter((mark) => ['noted', 'retried', 'hedged', 'fell_back', 'trace_cut', 'proposed', 'resumed'].includes(mark.kind))
  return (
    <div class="blocks">
      {routes.length === 0 && (
        <Notice kind="info">The router was not asked: the mode {head.mode ? `“${visible(head.mode)}” ` : ''}was chosen by the caller.</Notice>
      )}
      {routes.slice(0, 30).map((route, at) => (
        <RouteCard key={at} story={story} route={route} />
      ))}
      {judged.slice(0, 30).map((each, at) => (
        <JudgedCard key={at} story={story} judged={each} />
      ))}
      {told.length > 0 && (
        <div class="card block">
          <h3>What the run reported</h3>
          <table>
            <tbody>
              {told.slice(0, 200).map((mark) => (
                <tr key={mark.id}>
                  <td class="nowrap number-left">{seconds(mark.at)}</td>
                  <td class="nowrap">{mark.kind.replace('_', ' ')}</td>
                  <td class="wide" dir="auto">{oneLine(mark.text, 400)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

function RouteCard({ story, route }: { story: Story; route: Route }) {
  const odds = Object.entries(route.probabilities).sort((a, b) => b[1] - a[1])
  return (
    <div class="card block">
      <h3>
        Mode {visible(route.mode)}
        {route.strategy && `, strategy ${visible(route.strategy)}`} <small>node {oneLine(story.nodes[route.node]?.name ?? '?', 20)} · by {visible(route.basis)}{!route.is_sure && ' · not sure'}</small>
      </h3>
      <div class="columns">
        <table aria-label="Probabilities">
          <tbody>
            {odds.map(([mode, value]) => (
              <tr key={mode} class={mode === route.mode ? 'chosen' : ''}>
                <th scope="row">{visible(mode)}</th>
                <td><Bar part={value} whole={1} /></td>
              </tr>
            ))}
          </tbody>
        </table>
        <ul class="reasons">
          {route.reasons.map((reason) => (
            <li key={reason} dir="auto">{visible(reason)}</li>
          ))}
        </ul>
      </div>
      {route.weighed.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Option</th>
              <th scope="col" class="number">Right</th>
              <th scope="col" class="number">Cost</th>
              <th scope="col" class="number">Time</th>
              <th scope="col" class="number">Worth</th>
              <th scope="col">Obstacle</th>
            </tr>
          </thead>
          <tbody>
            {route.weighed.map((option) => (
              <tr key={option.option} class={option.mode === route.mode ? 'chosen' : ''}>
                <td>{oneLine(option.option, 40)}</td>
                <td class="number">{share(option.right, 1)}</td>
                <td class="number">{money(option.micros)}</td>
                <td class="number">{seconds(option.seconds)}</td>
                <td class="number">{option.utility === null ? '–' : `$${option.utility.toFixed(3)}`}</td>
                <td class="muted">{oneLine(option.obstacle ?? '', 160)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function JudgedCard({ story, judged }: { story: Story; judged: Judged }) {
  const signals = Object.entries(judged.signals).filter(([, value]) => value !== null)
  return (
    <div class="card block">
      <h3>
        Confidence {judged.value === null ? 'unknown' : share(judged.value, 1)} <small>node {oneLine(story.nodes[judged.node]?.name ?? '?', 20)}{judged.calibration && ` · ${oneLine(judged.calibration, 80)}`}</small>
      </h3>
      <div class="columns">
        <table aria-label="Signals">
          <tbody>
            {signals.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name.replace(/_/g, ' ')}</th>
                <td>{signalText(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <ul class="reasons">
          {judged.reasons.map((reason) => (
            <li key={reason} dir="auto">{visible(reason)}</li>
          ))}
        </ul>
      </div>
    </div>
  )
}

function signalText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object' && value !== null && 'part' in value && 'whole' in value) return `${String(value.part)} of ${String(value.whole)}`
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value), 80)
}
