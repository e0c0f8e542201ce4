/* The sandbox role of the program. */
#include "sandbox/sandbox.h"

#include "sandbox/guest_loop.h"
#include "sandbox/jail.h"
#include "wire/exit.h"

int sandbox_main(int socket)
{
	struct err err = ERR_INIT;
	struct guest *guest = guest_new(socket, &err);

	if (guest == NULL)
		return SANDBOX_EXIT_MEMORY;
	jail_enter(socket, &guest->refusal);
	guest_run(guest);
}
