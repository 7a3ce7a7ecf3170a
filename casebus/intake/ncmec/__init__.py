"""NCMEC's two formats: the CyberTip as police receive it (JSON) and as providers send it (XML). Every agency may get them."""
