/*
 * Processes beyond their pid. A name tells one process from every other that ever was: a pid comes
 * again, and the same one is another process in another container or on another machine.
 */
#ifndef MUSTER_BASE_PROCESS_H
#define MUSTER_BASE_PROCESS_H

#include <stdbool.h>

enum { PROCESS_NAME_SIZE = 96 };

/*
 * The name of this process: "HOST:PID STARTED PLACE", of which people need the first word. STARTED
 * is field 22 of proc(5)'s stat, PLACE a digest of what gives pid and start their meaning: host
 * name, boot, pid and time namespace. Where /proc does not tell, PLACE is "-". Returns `out`.
 */
const char *process_name(char out[PROCESS_NAME_SIZE]);

/*
 * True only if it is certain: a process of this place has ended (a zombie has). One that is stopped
 * lives. False for what cannot be judged: other places, texts that are no name.
 */
bool process_is_gone(const char *name);

#endif
