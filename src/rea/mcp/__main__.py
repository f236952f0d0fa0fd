from rea.mcp.server import main

main()
