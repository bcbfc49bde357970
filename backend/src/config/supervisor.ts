/** Set by systemd, PM2 and Kubernetes in what they start. */
const SUPERVISORS = ['INVOCATION_ID', 'NOTIFY_SOCKET', 'pm_id', 'KUBERNETES_SERVICE_HOST'];

/** Whether npm runs this process: it must end when npm does. */
export function isRunByNpm(env: Readonly<Record<string, string | undefined>>): boolean {
  return env['npm_lifecycle_event'] !== undefined;
}

/** Whether somebody starts this process again when it ends. @param pid 1 in a container, whose engine has a restart policy */
export function isSupervised(env: Readonly<Record<string, string | undefined>>, pid = process.pid): boolean {
  return pid === 1 || SUPERVISORS.some((name) => env[name] !== undefined);
}
