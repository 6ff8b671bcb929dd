# Install layout, the same under any prefix: bin/perilune, lib/libperilune.so, share/perilune/ (lua, strategies,
# workflows, examples), share/lua/5.1/perilune.lua for any LuaJIT, share/doc/perilune/. The executable finds
# ../share/perilune from where it is; nothing holds a path of the build.
set(PLN_SHARE ${CMAKE_INSTALL_DATADIR}/perilune)
install(TARGETS perilune RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS perilune_so LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder lua strategies workflows examples)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder})
    install(DIRECTORY ${folder} DESTINATION ${PLN_SHARE} PATTERN "*.db*" EXCLUDE PATTERN ".*.plc" EXCLUDE)
  endif()
endforeach()
install(FILES lua/perilune.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/lua/5.1)
install(FILES README.md CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/perilune)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/perilune RENAME copyright)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/perilune)

# A package: cmake --build --preset default && (cd build && cpack -G DEB)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME perilune)
set(CPACK_PACKAGE_VENDOR Perilune)
set(CPACK_PACKAGE_CONTACT "Perilune developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "Backtests strategies written in Lua on market data: a C core owns data, features, \
execution and statistics; LuaJIT runs the strategies.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS tzdata)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS luajit)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON) # with it comes the ldconfig trigger
include(CPack)
