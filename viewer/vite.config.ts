import { readFileSync, readdirSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'

const PACKAGES = ['@dagrejs/dagre', 'preact', 'uplot']

/** Writes the licences of what is bundled next to it. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle() {
      const parts = PACKAGES.map((name) => {
        const folder = `node_modules/${name}`
        const about = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string; license: string }
        const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
        const text = file === undefined ? '' : readFileSync(`${folder}/${file}`, 'utf8')
        return `${name} ${about.version} (${about.license})\n\n${text.trim()}\n`
      })
      const head = 'The page contains these packages.\n'
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`) })
    },
  }
}

/** The script is no module: a report holds it inline, where modules have no address. */
function plainScript(): Plugin {
  return {
    name: 'plain-script',
    enforce: 'post',
    transformIndexHtml: (html) => html.replace(/<script type="module" crossorigin/, '<script defer').replace(/ crossorigin/g, ''),
  }
}

export default defineConfig({
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [plainScript(), licences()],
  build: {
    outDir: process.env['HARLM_VIEWER_OUT'] ?? '../src/harlm/viewer/assets',
    emptyOutDir: true,
    sourcemap: false,
    target: 'es2022',
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        format: 'iife',
        entryFileNames: 'viewer.js',
        assetFileNames: (asset) => (asset.names[0]?.endsWith('.css') ? 'viewer.css' : '[name][extname]'),
      },
    },
  },
})
