"""Pages in a real browser: Chromium without a window, spoken to through two pipes (DevTools protocol). No port is opened."""
