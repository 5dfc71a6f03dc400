"""The faces that jianbao shows to a reader: the web page and the command line."""
