// base/parser_limits.h: what the readers of YAML, JSON and regular expressions may spend on one text that a stranger wrote (threats T25, T26, T46).
//
// The one setting that belongs to the process and is handed to nobody: such texts are read in dozens of places, most of them far below whoever knows
// flags. It is set once, while the process has one thread and has read nothing, and never again; a test that sets it puts it back. What the API server
// and the operator say (answers, the process's own kubeconfig) is read within the readers' own limits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::base {

struct ParserLimits {
  std::size_t max_text_bytes = 8u << 20;        ///< `--document-max-bytes`: of one text of YAML or JSON
  std::size_t max_depth = 512;                  ///< `--document-max-depth`: mappings and lists in each other
  std::size_t max_nodes = 1'000'000;            ///< `--document-max-nodes`: of one text of YAML, once its aliases are expanded
  std::size_t max_manifests_bytes = 64u << 20;  ///< `--manifests-max-bytes`: of all manifests of one object, and so of one file of them
  std::size_t max_pattern_bytes = 10u << 10;    ///< `--regex-max-pattern-bytes`: of a pattern in a spec or a SOPS file
  std::int64_t max_program_bytes = 8u << 20;    ///< `--regex-max-program-bytes`: of what RE2 makes of a pattern
};

/// Those of this process. The reference holds for ever.
const ParserLimits& Parsers();
/// Before there is a second thread.
void SetParserLimits(const ParserLimits& limits);

}  // namespace sluice::base
