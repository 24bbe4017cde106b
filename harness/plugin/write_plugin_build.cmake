# cmake -DVERSION=… -DFOLDER=… -DHEADERS=A,B,… -DTEMPLATE=… -DOUTPUT=… -P write_plugin_build.cmake
# Writes plugin_build.hpp: the version, and a check of the headers that a plug-in is compiled with.
# The loops that are timed stand in them: a plug-in that was built with other ones would be measured
# by other loops than the queues beside it.
string(REPLACE "," ";" HEADERS "${HEADERS}")
set(checks "")
foreach(header IN LISTS HEADERS)
  file(SHA256 "${FOLDER}/${header}" check)
  string(APPEND checks "${header} ${check}\n")
endforeach()
string(SHA256 HEADERS_CHECK "${checks}")
string(SUBSTRING "${HEADERS_CHECK}" 0 16 HEADERS_CHECK)
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
