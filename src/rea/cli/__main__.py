from rea.cli.main import main

main()
