/* The person's own browser. */
#ifndef MUSTER_CLI_BROWSER_H
#define MUSTER_CLI_BROWSER_H

#include <stdbool.h>

/*
 * Opens the address with xdg-open, if this session has a display or names a browser. No shell reads
 * the address; what the browser says goes nowhere, and it outlives us. False when there is none, or
 * it did not start. Others who may see this user's processes can see the address.
 */
bool browser_open(const char *url);

#endif
