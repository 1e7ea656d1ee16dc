// document/yaml.h: YAML text to Values and back. Scalars resolve as go-yaml v3 does (sigs.k8s.io/yaml and kustomize build on it), or as
// YAML 1.1 where a contract asks for it. Pure; every limit is an argument, whose default is the process's (base/parser_limits.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/parser_limits.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

enum class Resolver {
  GoYaml3,  ///< go-yaml v3 into an untyped node: yes/no/on/off are strings, 0o17 and 017 are octal
  Yaml11,   ///< go-yaml v2 / sigs.k8s.io/yaml: yes/no/on/off/y/n are booleans, also as keys
};

enum class DuplicateKeys {
  Refuse,
  LastWins,
  Keep,  ///< all stay in the mapping, Find() sees the first: as go-yaml's nodes do. RepeatedKeys() finds them again
};

struct YamlOptions {
  Resolver resolver = Resolver::GoYaml3;
  DuplicateKeys duplicate_keys = DuplicateKeys::Refuse;
  bool merge_keys = true;                                  ///< resolve `<<`
  std::size_t max_bytes = base::Parsers().max_text_bytes;  ///< of one text
  std::size_t max_depth = base::Parsers().max_depth;       ///< of collections in each other
  std::size_t max_nodes = base::Parsers().max_nodes;       ///< after aliases are expanded
  std::string_view file;                                   ///< named in messages: `file:line:column: ...`
};

/// All documents of `text`, in order; documents that hold nothing (comments, `---` alone) come as null values.
/// A BOM is skipped. Aliases are expanded (marks are those of the anchor). Errors: Invalid `file:line:column: what`, TooLarge.
base::Result<std::vector<Value>> ParseYamlStream(std::string_view text, const YamlOptions& options = {});

/// The first document; null for an empty text. What follows it is left unread, whether it is a document or not (as go-yaml does; v3 reports
/// what it cannot even scan there, and so do we).
base::Result<Value> ParseYaml(std::string_view text, const YamlOptions& options = {});

/// What a plain scalar is to `resolver`: Null, Bool, Int, Float, Timestamp or String.
Kind ResolvePlain(std::string_view text, Resolver resolver);

struct EmitOptions {
  bool sort_keys = true;  ///< go-yaml's natural order (digits by value, letters after others)
  int indent = 2;         ///< mapping indent; sequences stay at their parent's column unless `indent_sequences`
  bool indent_sequences = false;
  int width = 80;                ///< fold column for plain and quoted text; <0 never folds
  bool quote_merge_keys = true;  ///< a key `<<` as "<<", which go-yaml does not, so that what it writes reads back as something else
  bool go_yaml3 = false;         ///< as go-yaml v3's own encoder: floats are never integers (1e+06), tabs may stand in literal blocks
};

/// One document as `sigs.k8s.io/yaml` (kustomize, kubectl) prints it: no `---`, a final newline, go-yaml's quoting.
std::string EmitYaml(const Value& value, const EmitOptions& options = {});

}  // namespace sluice::document
