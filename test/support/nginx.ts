import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { saysReady, startServer, stopServer, unprivileged } from './server-process.ts'

const program = '/usr/sbin/nginx'
const shipped = new URL('../../operations/nginx.conf', import.meta.url)

/** What a configuration of a site has around it. */
const around = (directory: string, site: string) => `
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr notice;
events { worker_connections 2048; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(each => `${each}_temp_path ${directory}/${each};`).join('\n  ')}
  ${site}
}
`

/** Starts nginx in front of two gateways on this machine, with the configuration that the project ships. */
export async function startNginx(ports: readonly [number, number]) {
  if (!existsSync(program)) throw new Error('There is no nginx: apt-get install nginx.')
  const user = unprivileged()
  const directory = mkdtempSync(join(tmpdir(), 'gateway-nginx-'))
  const port = await freePort()
  const settings = join(directory, 'nginx.conf')
  const settingsWithout = (down: number | null) =>
    ports.reduce(
      (site, each, index) =>
        site.replace(`gateway-${index + 1}:4000`, `127.0.0.1:${each}${down === index ? ' down' : ''}`),
      readFileSync(shipped, 'utf8').replace('listen 80', `listen 127.0.0.1:${port}`),
    )
  writeFileSync(settings, around(directory, settingsWithout(null)))
  chmodSync(directory, 0o755)
  if (user) for (const path of [directory, settings]) chownSync(path, user.uid, user.gid)
  const command = [program, '-e', 'stderr', '-p', directory, '-c', settings, '-g', 'daemon off;']
  const server = startServer(command, directory, { ...user, cwd: directory, signal: 'TERM' })
  await saysReady(server, /start worker process/)
  return {
    url: `http://127.0.0.1:${port}`,
    /** Sends nothing more to one of them; null: sends to both again. Requests that are running go on. */
    async leaveOut(down: number | null): Promise<void> {
      writeFileSync(settings, around(directory, settingsWithout(down)))
      const reloaded = saysReady(server, /start worker process/)
      process.kill(Number(readFileSync(join(directory, 'nginx.pid'), 'utf8')), 'SIGHUP')
      await reloaded
    },
    async stop() {
      await stopServer(server)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
