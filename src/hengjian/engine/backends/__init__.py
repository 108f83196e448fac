"""Where rule text runs: one module per engine."""
