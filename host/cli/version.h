/* The version, from CMake's project(). */
#ifndef MUSTER_CLI_VERSION_H
#define MUSTER_CLI_VERSION_H

#ifndef MUSTER_VERSION
#error "MUSTER_VERSION comes from host/CMakeLists.txt"
#endif

#endif
