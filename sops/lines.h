// sops/lines.h: files of lines that SOPS encrypts: dotenv and INI. Read and written as SOPS's own stores do (stores/dotenv; stores/ini on
// gopkg.in/ini.v1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sops {

/// A line of a section: a key and its value, or a comment.
struct Line {
  std::string key, value;
  bool comment = false;  ///< `value` is its text, without the sign it began with
};

struct Section {
  std::string name;  ///< of INI; "DEFAULT" before the first heading; "" in dotenv, which has one section
  std::vector<Line> lines;
};

/// Invalid: `line N: …`, never with the line itself.
base::Result<Section> ParseDotenv(std::string_view text);
std::string EmitDotenv(const Section& section);

/// In a section a comment comes after the key that it stands above, and first where it stands above the heading.
base::Result<std::vector<Section>> ParseIni(std::string_view text);
std::string EmitIni(const std::vector<Section>& sections);

}  // namespace sluice::sops
