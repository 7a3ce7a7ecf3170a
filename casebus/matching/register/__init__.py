"""De-duplicating a register, or linking two, in the clear on the agency's own machine: `casebus match`."""
