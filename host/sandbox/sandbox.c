/* The sandbox role of the program. */
#include "sandbox/sandbox.h"

#include <signal.h>

#include "sandbox/guest_loop.h"
#include "sandbox/jail.h"
#include "wire/exit.h"

int sandbox_main(int socket)
{
	struct err err = ERR_INIT;
	struct guest *guest;

	signal(SIGPIPE, SIG_IGN); /* a host that is gone is an error of write */
	guest = guest_new(socket, &err);
	if (guest == NULL)
		return SANDBOX_EXIT_MEMORY;
	jail_enter(socket, &guest->refusal);
	guest_run(guest);
}
