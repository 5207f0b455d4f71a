import locales from '@react-aria/optimize-locales-plugin'
import { defineConfig, type Plugin } from 'vite'
import relay from 'vite-plugin-relay'

/** Lets the browser load the font together with the script, so that the first text has it. */
const preloadFont: Plugin = {
  name: 'preload-font',
  transformIndexHtml: (_html, { bundle }) =>
    Object.keys(bundle ?? {})
      .filter(name => name.endsWith('.woff2'))
      .map(name => ({
        tag: 'link',
        attrs: { rel: 'preload', href: `/${name}`, as: 'font', type: 'font/woff2', crossorigin: true },
      })),
}

/** The page needs no other origin: its font is one of its files. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../node_modules/.cache/vite',
  // The page is in English, so the texts of its components in 30 other languages stay out.
  plugins: [{ ...locales.vite({ locales: ['en-US'] }), enforce: 'pre' }, relay, preloadFont],
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    target: 'es2022',
    // A data: URL would be refused by the page's Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    // The notices of the packages that the page contains.
    license: { fileName: 'assets/licences.md' },
    // One file is asked for once. What counts is its size compressed, which a test keeps in bounds.
    chunkSizeWarningLimit: 1_000,
  },
})
