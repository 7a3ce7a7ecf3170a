"""Normal forms, one module per kind of identifier: from the text as written to the parts that a token is made of."""
