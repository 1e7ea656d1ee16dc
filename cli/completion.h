// cli/completion.h: scripts that complete `sluice` in a shell, and what they ask the binary.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
}

namespace sluice::cli {

class CommandSet;
struct FluxKind;

/// Declares `completion bash|zsh|fish`.
void AddCompletion(CLI::App& app, CommandSet& commands);

/// What may stand at the place of the last word of a line.
struct Completion {
  std::vector<std::string> words;  ///< that the declarations know: subcommands, flags, kinds; sorted
  /// What only the kubeconfig or the cluster know beside them.
  enum class Asked { Nothing, Names, Namespaces, Contexts } asked = Asked::Nothing;
  const FluxKind* kind = nullptr;   ///< of which Names are asked for; nullptr: of `resource`
  std::string resource;             ///< a kind in the words of whoever wrote the line
  std::string kubeconfig, context;  ///< as far as the line says
  std::string ns;                   ///< of the Names; "": every namespace
  std::string last;                 ///< what is written of the word
  std::string before;               ///< stands in front of what is asked for: `kustomization/`, `--context=`
  std::vector<std::string> given;   ///< names that the line has already
  bool files = false;               ///< it may be a path, or nothing is known of it
};

/// `words`: the line without the command's own name; the last may be empty or half written. Pure. `app` is fully declared.
Completion Complete(const CLI::App& app, std::span<const std::string> words);

/// All that fits, sorted; asks the cluster for what it has to, for a few seconds at most, and leaves out what cannot be had.
std::vector<std::string> AllWords(const Completion& completion);

/// The script for a shell; Invalid: one that is not known.
base::Result<std::string> CompletionScript(std::string_view shell);

}  // namespace sluice::cli
