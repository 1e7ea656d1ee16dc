# What a Release build links as archives, where the distribution has them: no library of these is looked up, mapped and relocated at start. Sanitizers
# want the shared ones, and OpenSSL and zlib are always those of the system, which mends them without us.
set(SLUICE_ARCHIVES OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SLUICE_SANITIZE)
  set(SLUICE_ARCHIVES ON)
endif()

# sluice_package(<prefix> <module>): pkg-config's module as the target PkgConfig::<prefix>, for every folder that asks.
function(sluice_package prefix module)
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  if(NOT SLUICE_ARCHIVES)
    return()
  endif()
  get_target_property(libraries PkgConfig::${prefix} INTERFACE_LINK_LIBRARIES)
  set(linked "")
  foreach(library IN LISTS libraries)
    string(REGEX REPLACE "[.]so$" ".a" archive "${library}")
    if(NOT EXISTS "${archive}")
      set(archive "${library}")
    endif()
    list(APPEND linked "${archive}")
    if(archive MATCHES "[.]a$")
      set_property(GLOBAL APPEND PROPERTY SLUICE_LINKED_ARCHIVES "${archive}")
    endif()
  endforeach()
  set_target_properties(PkgConfig::${prefix} PROPERTIES INTERFACE_LINK_LIBRARIES "${linked}")
endfunction()

# sluice_neighbours(<target> <our libraries, without prefix>...): the program has the code of these side by side, with the templates that they share, so
# that what needs no more than them touches few pages.
function(sluice_neighbours target)
  if(NOT SLUICE_ARCHIVES)
    return()
  endif()
  list(TRANSFORM ARGN REPLACE "(.+)" "$<TARGET_FILE:sluice_\\1>" OUTPUT_VARIABLE archives)
  target_link_options(${target} PRIVATE LINKER:--whole-archive ${archives} LINKER:--no-whole-archive)
endfunction()

# sluice_archive_of_cxx(<target>): the program gets a C++ library of its own. One that is loaded late and written in C++ (RNP) brings the shared one;
# they meet in functions of C only.
function(sluice_archive_of_cxx target)
  if(NOT SLUICE_ARCHIVES)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.a OUTPUT_VARIABLE archive OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(IS_ABSOLUTE "${archive}" AND EXISTS "${archive}")
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
    set_property(GLOBAL APPEND PROPERTY SLUICE_LINKED_ARCHIVES "${archive}")
  endif()
endfunction()

# sluice_list_archives(<target>): <target>.archives beside the program names the archives of the distribution in it, a path a line, for the list of what a
# release is made of.
function(sluice_list_archives target)
  get_property(archives GLOBAL PROPERTY SLUICE_LINKED_ARCHIVES)
  list(REMOVE_DUPLICATES archives)
  list(JOIN archives "\n" lines)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}.archives "${lines}\n")
endfunction()
