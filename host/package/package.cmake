# What `cmake --install` lays down beside the program, and the Debian package (cpack, in a build folder):
#
#   cmake --preset release && cmake --build --preset release
#   (cd build/release && cpack)                 muster_VERSION-1_ARCH.deb; needs dpkg-dev
#
# The same sources give the same bytes, whatever folder they lie in: its path is cut out of what is
# compiled (-ffile-prefix-map), and every time in the package is the last commit's.

# Documents keep their places to each other, so that their links lead somewhere.
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES host/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/host)
install(FILES host/store/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/host/store)
install(FILES scripts/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/scripts)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES examples/queries.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY examples/systemd examples/overlay examples/minimal
	DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

# The last commit's time; of a tree without history a fixed one.
execute_process(COMMAND git log -1 --format=%ct WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
	OUTPUT_VARIABLE MUSTER_EPOCH OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT MUSTER_EPOCH MATCHES "^[0-9]+$")
	set(MUSTER_EPOCH 1767225600) # 2026-01-01
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/epoch.cmake.in ${CMAKE_BINARY_DIR}/epoch.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/epoch.cmake)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME muster)
set(CPACK_PACKAGE_VENDOR muster)
set(CPACK_PACKAGE_CONTACT "muster maintainers <maintainers@muster.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "users, devices and apps of your vendors in one database")
set(CPACK_PACKAGE_DESCRIPTION "Connects to device-management and SaaS-management vendors, brings
users, devices, installed apps, groups and licences into one SQLite database
under one model, and keeps them true. What a vendor is like is a Lua script;
what has to be trusted (credentials, requests, completeness) is the host.")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
	GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
include(CPack)
