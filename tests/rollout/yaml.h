// tests/rollout/yaml.h: objects written as YAML, and those of testdata/.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "document/yaml.h"

namespace sluice::rollout {

inline std::vector<document::Value> YamlStream(const std::string& text) {
  auto documents = document::ParseYamlStream(text);
  if (!documents) throw std::runtime_error(documents.error().message);
  return *std::move(documents);
}

inline document::Value Yaml(const std::string& text) { return YamlStream(text).at(0); }

inline std::vector<document::Value> TestData(const std::string& path) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/rollout/testdata/" + path);
  if (!in) throw std::runtime_error("no testdata/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return YamlStream(text.str());
}

inline base::TimePoint At(const std::string& time) { return base::ParseRfc3339(time).value(); }

}  // namespace sluice::rollout
