/*
 * The trial role of the program: enters the jail step by step and tries what each step forbids, so
 * that `muster doctor` tells what this kernel really does and not what it should.
 *
 * What was found goes over the socket as lines "NAME VALUE":
 *   lua, libseccomp   versions
 *   error             the jail could not be entered; the reason. Nothing follows.
 *   descriptors       how many more could be opened (limit reached), "unlimited"
 *   processes         "refused", "allowed": a child process
 *   memory            "refused", "allowed": more than the limit; "untried" with sanitizers
 *   new-privileges    "refused", "allowed"
 *   landlock          the version in force, 0 = none
 *   landlock-open     "refused", "allowed": a folder, opened under Landlock alone
 *   seccomp-open      "refused", "allowed": the same, with the filter as well
 *   seccomp-kill      "survived": a call that kills. Else the process ends with SIGSYS instead.
 */
#ifndef MUSTER_SANDBOX_TRIAL_H
#define MUSTER_SANDBOX_TRIAL_H

/* Reports on `socket`; the process is to end with what it returns. */
int trial_main(int socket);

#endif
