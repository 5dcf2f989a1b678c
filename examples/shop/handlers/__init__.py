"""Who answers: one file for each thing that can be asked. None of them knows of HTTP, and none begins a transaction."""
