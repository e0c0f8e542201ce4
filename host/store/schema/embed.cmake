# Writes OUT, a C file with the numbered migrations of FOLDER: cmake -DFOLDER= -DNAME= -DOUT= -P
# Each file 0001_name.sql becomes one entry; the numbers must be 1, 2, 3 ... without a gap.

file(GLOB files ${FOLDER}/*.sql)
list(SORT files)

set(entries "")
set(expected 0)
foreach(file ${files})
	math(EXPR expected "${expected} + 1")
	get_filename_component(stem ${file} NAME_WE)
	if(NOT stem MATCHES "^0*([0-9]+)_([a-z0-9_]+)$" OR NOT CMAKE_MATCH_1 EQUAL expected)
		message(FATAL_ERROR "${file}: migration ${expected} is missing or misnamed")
	endif()
	set(title ${CMAKE_MATCH_2})
	file(READ ${file} text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t  \"" text "${text}")
	string(APPEND entries "\t{ ${expected}, \"${title}\",\n\t  \"${text}\" },\n")
endforeach()

file(WRITE ${OUT} "/* Made from the numbered SQL files by embed.cmake. */
#include <stddef.h>

#include \"store/migrate.h\"

const struct migration ${NAME}_migrations[] = {
${entries}\t{ 0, NULL, NULL },
};
")
