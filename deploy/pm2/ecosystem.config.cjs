// pm2 start deploy/pm2/ecosystem.config.cjs (after `cd backend && npm ci && npm run build`); settings: backend/.env.supabase
const path = require("node:path");

module.exports = {
  apps: [
    {
      name: "sentinela",
      cwd: path.join(__dirname, "../../backend"),
      script: "dist/main.js",
      node_args: "--max-semi-space-size=4",
      env: { NODE_ENV: "production" },
      // One process per data directory: a second one is refused.
      exec_mode: "fork",
      instances: 1,
      // `online` once the gateway says that it is ready; the first start makes a database.
      wait_ready: true,
      listen_timeout: 120_000,
      // It ends by itself within 10 s, and its Postgres with it, after the last row is written.
      treekill: false,
      kill_timeout: 15_000,
      exp_backoff_restart_delay: 200,
      // 78: the settings are wrong; another try would not change that.
      stop_exit_codes: [0, 78],
      // It has rotated logs of its own.
      out_file: "/dev/null",
      error_file: path.join(__dirname, "../../backend/logs/pm2-error.log"),
    },
  ],
};
