# lua-cjson: the system's is used as it is when it is exact; else its archive is linked with some of
# its calls renamed to the functions of cjson_exact.c. Gives the target muster_cjson.

pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET lua5.4-cjson)
if(NOT DEFINED MUSTER_CJSON_IS_EXACT)
	try_run(ran compiled ${CMAKE_BINARY_DIR}/cjson_probe ${CMAKE_CURRENT_LIST_DIR}/probe.c
		LINK_LIBRARIES PkgConfig::CJSON PkgConfig::LUA COMPILE_OUTPUT_VARIABLE probe_output)
	if(compiled AND ran EQUAL 0)
		set(MUSTER_CJSON_IS_EXACT 1 CACHE INTERNAL "")
		message(STATUS "lua-cjson: the system's is exact")
	else()
		set(MUSTER_CJSON_IS_EXACT 0 CACHE INTERNAL "")
		message(STATUS "lua-cjson: made exact by renaming calls of the system's archive")
	endif()
endif()

add_library(muster_cjson INTERFACE)
target_compile_definitions(muster_cjson INTERFACE MUSTER_CJSON_IS_EXACT=${MUSTER_CJSON_IS_EXACT})
if(MUSTER_CJSON_IS_EXACT)
	target_link_libraries(muster_cjson INTERFACE PkgConfig::CJSON)
	return()
endif()

find_library(CJSON_ARCHIVE NAMES liblua5.4-cjson.a HINTS ${CJSON_LIBRARY_DIRS} REQUIRED)
set(renames)
foreach(call pushnumber tonumberx type checkstack createtable gettop tolstring)
	list(APPEND renames --redefine-sym lua_${call}=cjson_exact_${call})
endforeach()
list(APPEND renames --redefine-sym luaL_checklstring=cjson_exact_checklstring
	--redefine-sym fpconv_strtod=cjson_exact_strtod --redefine-sym fpconv_g_fmt=cjson_exact_g_fmt)
set(folder ${CMAKE_BINARY_DIR}/cjson)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/libcjson_exact.a
	COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
	COMMAND ${CMAKE_COMMAND} -E chdir ${folder} ${CMAKE_AR} x ${CJSON_ARCHIVE}
	COMMAND ${CMAKE_OBJCOPY} ${renames} ${folder}/lua_cjson.o
	COMMAND ${CMAKE_OBJCOPY} --redefine-sym exit=cjson_exact_exit ${folder}/strbuf.o
	COMMAND ${CMAKE_COMMAND} -E rm -f ${CMAKE_BINARY_DIR}/libcjson_exact.a
	COMMAND ${CMAKE_AR} rcsD ${CMAKE_BINARY_DIR}/libcjson_exact.a
		${folder}/lua_cjson.o ${folder}/strbuf.o ${folder}/fpconv.o
	DEPENDS ${CJSON_ARCHIVE} VERBATIM)
add_custom_target(muster_cjson_archive DEPENDS ${CMAKE_BINARY_DIR}/libcjson_exact.a)
add_dependencies(muster_cjson muster_cjson_archive)
target_link_libraries(muster_cjson INTERFACE ${CMAKE_BINARY_DIR}/libcjson_exact.a PkgConfig::LUA m)
