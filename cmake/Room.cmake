# A room is src/NAME/*.cc with its public headers in include/hookline/NAME/. ROOMS are the
# rooms it builds on (theirs come along), LIBS the outside libraries that it alone includes.
# A room without sources yet is an interface, so that the table in CMakeLists.txt is whole.
function(hookline_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
  list(TRANSFORM ROOM_ROOMS PREPEND hookline_)
  if(sources)
    add_library(hookline_${name} STATIC ${sources})
    target_include_directories(hookline_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include)
    target_include_directories(hookline_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(hookline_${name} PUBLIC ${ROOM_ROOMS} ${ROOM_LIBS})
    target_compile_definitions(hookline_${name} PRIVATE HOOKLINE_VERSION="${PROJECT_VERSION}")
  else()
    add_library(hookline_${name} INTERFACE)
    target_include_directories(hookline_${name} INTERFACE ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(hookline_${name} INTERFACE ${ROOM_ROOMS} ${ROOM_LIBS})
  endif()
endfunction()

# hookline_embed(TARGET NAMESPACE FUNCTION FILES...): compiles text files into TARGET as
# a table of (file name, contents), found by hookline::NAMESPACE::FUNCTION().
function(hookline_embed target namespace function)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded/${namespace}_${function}.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${namespace} -DFUNCTION=${function}
            "-DFILES=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
