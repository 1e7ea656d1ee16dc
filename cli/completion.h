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

/// Declares `completion bash|zsh|fish`.
void AddCompletion(CLI::App& app, CommandSet& commands);

/// What may stand at the place of the last of `words` (the command's own name left out; the last may be empty or half written): subcommands,
/// flags of the command so far, kinds where a kind is asked for. Sorted. `app` is fully declared.
std::vector<std::string> Complete(const CLI::App& app, std::span<const std::string> words);

/// The script for a shell; Invalid: one that is not known.
base::Result<std::string> CompletionScript(std::string_view shell);

}  // namespace sluice::cli
