/* Picks the role of the program: what a person calls, or the sandbox that it starts for a job. */
#include <stdio.h>

#include "base/str.h"
#include "sandbox/sandbox.h"

enum { SANDBOX_SOCKET = 3, EXIT_USAGE = 2 };

int main(int argc, char **argv)
{
	if (argc == 2 && str_eq(argv[1], "__sandbox"))
		return sandbox_main(SANDBOX_SOCKET);
	fputs("muster: this build has no command line\n", stderr);
	return EXIT_USAGE;
}
