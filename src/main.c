/* Makes a Lua state and runs lua/main.lua with the command line. */
#include "script/host.h"

int main(int argc, char **argv) { return pln_host_main(argc, argv); }
