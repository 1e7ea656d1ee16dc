// tests/base/source_tree.h: the files of this repository, for the tests that read them.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice::base {

inline const std::filesystem::path kSourceRoot = SLUICE_SOURCE_DIR;

/// The text of a file; empty if there is none.
inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace sluice::base
