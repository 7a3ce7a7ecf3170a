"""Public: contract tests, fault injection, synthetic agencies."""
