"""`make bench-quality`: how well `casebus match file` finds the records of one person, beside Splink and the naive way."""
