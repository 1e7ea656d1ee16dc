// The scripts know nothing of the commands: they hand the words of the line to `sluice __complete`, which walks the declarations. So what is completed
// is what is parsed.
#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command_set.h"
#include "cli/kinds.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kBash = R"(# sluice completion for bash: source <(sluice completion bash)
_sluice() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default 2>/dev/null
}
complete -F _sluice sluice kubectl-sluice
)";

constexpr std::string_view kZsh = R"(#compdef sluice kubectl-sluice
# sluice completion for zsh: sluice completion zsh > "${fpath[1]}/_sluice"
_sluice() {
  local -a found
  found=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then
    compadd -a found
  else
    _files
  fi
}
if [ "${funcstack[1]}" = "_sluice" ]; then
  _sluice "$@"
else
  compdef _sluice sluice kubectl-sluice
fi
)";

constexpr std::string_view kFish = R"(# sluice completion for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete -- $words[2..-1] 2>/dev/null
end
for command in sluice kubectl-sluice
    complete -c $command -a '(__sluice_complete)'
end
)";

/// The subcommand that `word` names, by name or alias.
const CLI::App* Step(const CLI::App& app, const std::string& word) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (sub->check_name(word)) return sub;
  }
  return nullptr;
}

const CLI::Option* OptionNamed(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const CLI::Option* option : app.get_options({})) {
    if (!option->get_positional() && option->check_name(name)) return option;
  }
  return nullptr;
}

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0 && option.get_type_size() != 0; }

bool AsksForKind(const CLI::App& app) {
  const auto options = app.get_options({});
  return std::any_of(options.begin(), options.end(),
                     [](const CLI::Option* option) { return option->get_positional() && option->check_name("kind"); });
}

std::vector<std::string> Kinds() {
  std::vector<std::string> out = {"all", "sources", "images", "ks", "hr"};
  for (const FluxKind& kind : FluxKinds()) out.push_back(kind.Word());
  return out;
}

}  // namespace

base::Result<std::string> CompletionScript(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return base::Invalid("no completion for \"" + std::string(shell) + "\": want bash, zsh or fish");
}

std::vector<std::string> Complete(const CLI::App& app, std::span<const std::string> words) {
  const CLI::App* at = &app;
  const CLI::Option* open = nullptr;  // waits for its value
  std::size_t positionals = 0;
  const std::string last = words.empty() ? "" : words.back();
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (open != nullptr) {
      open = nullptr;
    } else if (word.starts_with("-")) {
      const CLI::Option* option = OptionNamed(*at, word);
      if (option != nullptr && TakesValue(*option) && word.find('=') == std::string::npos) open = option;
    } else if (const CLI::App* sub = positionals == 0 ? Step(*at, word) : nullptr) {
      at = sub;
    } else {
      ++positionals;
    }
  }
  std::vector<std::string> all;
  if (open != nullptr) {
    if (open->check_name("--output")) all = {"json", "table", "yaml"};
  } else if (last.starts_with("-")) {
    for (const CLI::Option* option : at->get_options({})) {
      for (const std::string& name : option->get_lnames()) all.push_back("--" + name);
    }
  } else if (positionals == 0) {
    for (const CLI::App* sub : at->get_subcommands({})) {
      if (!sub->get_group().empty()) all.push_back(sub->get_name());
    }
    if (AsksForKind(*at)) all = Kinds();
  }
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(last); });
  std::sort(all.begin(), all.end());
  return all;
}

void AddCompletion(CLI::App& app, CommandSet& commands) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "Print a script that completes commands in a shell");
  completion->add_option("shell", *shell, "bash, zsh or fish")->required();
  commands.Add(completion, [shell] {
    const base::Result<std::string> script = CompletionScript(*shell);
    if (!script) {
      std::cerr << "Error: " << script.error().message << "\n";
      return 1;
    }
    std::cout << *script << std::flush;
    return 0;
  });
}

}  // namespace sluice::cli
