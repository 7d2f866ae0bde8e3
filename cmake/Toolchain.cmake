# Language level, warnings and sanitizers, for every target of the tree.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")  # assertions stay on; line tables make a crash report readable
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Designated initialisers leave out what has a good default: that is their point.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wno-missing-field-initializers -Werror)

if(HOOKLINE_SANITIZE)
  add_compile_options(-fsanitize=${HOOKLINE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HOOKLINE_SANITIZE})
  if(HOOKLINE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)  # instrumented, std::regex looks so to GCC 12, and is not
    if(HOOKLINE_SANITIZE MATCHES "thread")
      add_compile_options(-Wno-tsan)  # Asio has fences, of which ThreadSanitizer sees the locks around them
    endif()
  endif()
endif()
