# pln_registry(STAGE PREFIX): every src/STAGE/PREFIX_<name>.c defines `const pln_PREFIX_desc pln_PREFIX_<name>`;
# this writes the list of them (generated/PREFIX_list.c: pln_PREFIX_list, pln_PREFIX_count) and adds it to the
# stage. Adding a thing is one file plus its test data: without tests/vectors/PREFIX_<name>.* the build fails.
function(pln_registry stage prefix)
  if(NOT TARGET pln_${stage})
    return()
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${stage}/${prefix}_*.c)
  set(externs "")
  set(entries "")
  foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    file(GLOB vector CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/vectors/${name}.*)
    if(NOT vector)
      message(FATAL_ERROR "${file} has no test vector: expected tests/vectors/${name}.<ext>, "
        "next to a neighbour's to imitate")
    endif()
    string(APPEND externs "extern const pln_${prefix}_desc pln_${name};\n")
    string(APPEND entries "  &pln_${name},\n")
  endforeach()
  list(LENGTH files count)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/${prefix}_list.c CONTENT
"/* Written by cmake/Registry.cmake from the files src/${stage}/${prefix}_*.c. */
#include \"${stage}/${prefix}.h\"
@externs@
const pln_${prefix}_desc *const pln_${prefix}_list[] = {
@entries@  0};
const int32_t pln_${prefix}_count = @count@;
" @ONLY)
  target_sources(pln_${stage} PRIVATE ${PROJECT_BINARY_DIR}/generated/${prefix}_list.c)
endfunction()
