"""One module per subcommand; `zu_cli.main.COMMANDS` says which function is which."""
