"""The commands other than kubectl, one family a module. Each is a function `Call -> Output`."""
