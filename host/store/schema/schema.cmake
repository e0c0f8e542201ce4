# The migrations are embedded at build; a changed or new SQL file rebuilds them.
file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sqlite/*.sql)
set(sqlite_migrations ${CMAKE_CURRENT_BINARY_DIR}/sqlite_migrations.c)
add_custom_command(
	OUTPUT ${sqlite_migrations}
	COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_CURRENT_LIST_DIR}/sqlite -DNAME=sqlite
		-DOUT=${sqlite_migrations} -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
	DEPENDS ${migrations} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
	COMMENT "Embedding the store's migrations"
)
target_sources(muster_store PRIVATE ${sqlite_migrations})
