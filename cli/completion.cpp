// The scripts know nothing of the commands: they hand the words of the line to `sluice __complete`, which walks the declarations. So what is completed
// is what is parsed.
#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <utility>

#include "cli/command_set.h"
#include "cli/kinds.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kBash = R"(# sluice completion for bash: source <(sluice completion bash)
_sluice() {
  local typed="${COMP_LINE:0:COMP_POINT}" command="${COMP_WORDS[0]/#\~\//$HOME/}" last="" found line
  local -a words=()
  read -ra words <<< "$typed"
  case "$typed" in
    *[[:blank:]]) words+=("") ;;
  esac
  last="${words[${#words[@]}-1]}"
  COMPREPLY=()
  if ! found=$("$command" __complete -- "${words[@]:1}" 2>/dev/null); then
    compopt -o default 2>/dev/null
    return
  fi
  # Bash replaces only what follows the last of the signs at which it cuts words.
  local breaks="${COMP_WORDBREAKS//[^=:]/}" cut=""
  [ -z "$breaks" ] || cut="${last%"${last##*[$breaks]}"}"
  while IFS= read -r line; do
    [ -z "$line" ] || COMPREPLY+=("${line#"$cut"}")
  done <<< "$found"
  if [ ${#COMPREPLY[@]} -eq 1 ] && [[ "${COMPREPLY[0]}" == */ ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _sluice sluice kubectl-sluice
)";

constexpr std::string_view kZsh = R"zsh(#compdef sluice kubectl-sluice
# sluice completion for zsh: sluice completion zsh > "${fpath[1]}/_sluice"
_sluice() {
  local said
  local -a found
  if ! said="$("${${(Q)words[1]}/#\~\//$HOME/}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"; then
    _files
    return
  fi
  found=("${(@f)said}")
  if [[ -n "${found[1]}" ]]; then
    compadd -a found
  fi
}
if [ "${funcstack[1]}" = "_sluice" ]; then
  _sluice "$@"
else
  compdef _sluice sluice kubectl-sluice
fi
)zsh";

constexpr std::string_view kFish = R"(# sluice completion for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_complete
    set -l words (commandline -opc) (commandline -ct)
    set words[1] (string replace -r '^~/' "$HOME/" -- $words[1])
    $words[1] __complete -- $words[2..-1] 2>/dev/null
    or __fish_complete_path (commandline -ct)
end
for command in sluice kubectl-sluice
    complete -c $command -f -a '(__sluice_complete)'
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

/// The positional words `name` of a command; nullptr if it has none such.
const CLI::Option* Positional(const CLI::App& app, const char* name) {
  for (const CLI::Option* option : app.get_options({})) {
    if (option->get_positional() && option->check_name(name)) return option;
  }
  return nullptr;
}

std::vector<std::string> Kinds() {
  std::vector<std::string> out = {"all", "sources", "images", "source", "artifact", "image", "ks", "hr"};
  for (const FluxKind& kind : FluxKinds()) out.push_back(kind.Word());
  return out;
}

/// What may follow `source`, `artifact` or `image`, in the flux CLI's words.
std::vector<std::string> KindsOfFamily(std::string_view family) {
  std::vector<std::string> out = {"all"};
  for (const FluxKind& kind : FluxKinds())
    if (kind.family == family) out.emplace_back(kind.words.substr(0, kind.words.find(' ')));
  return out;
}

/// Flags that may stand before the command, too.
constexpr std::string_view kConnection[] = {"--as",      "--as-group",   "--as-uid",    "--as-user-extra",
                                            "--context", "--kubeconfig", "--namespace", "--timeout"};

/// A line as far as it is written.
struct Line {
  const CLI::App* at = nullptr;          ///< the innermost command
  std::string open;                      ///< the long name of the flag that waits for its value
  std::vector<std::string> positionals;  ///< of `at`
  std::map<std::string, std::string, std::less<>> values;
  bool all_namespaces = false;

  void TakeFlag(const std::string& word);
  std::string Value(std::string_view flag) const;
};

void Line::TakeFlag(const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const CLI::Option* option = OptionNamed(*at, word);
  std::string known;
  if (option != nullptr) {
    all_namespaces = all_namespaces || option->check_name("--all-namespaces");
    if (!TakesValue(*option)) return;
    known = option->get_lnames().empty() ? option->get_name() : "--" + option->get_lnames().front();
  } else if (std::ranges::find(kConnection, name) != std::end(kConnection)) {
    known = name;
  } else if (name == "-n") {
    known = "--namespace";
  } else if (name.starts_with("-n")) {
    values["--namespace"] = word.substr(2);
    return;
  }
  if (name.size() == word.size()) {
    open = known;
  } else if (!known.empty()) {
    values[known] = word.substr(name.size() + 1);
  }
}

std::string Line::Value(std::string_view flag) const {
  if (const auto given = values.find(flag); given != values.end()) return given->second;
  const CLI::Option* option = OptionNamed(*at, std::string(flag));
  return option == nullptr ? "" : option->get_default_str();
}

Line ReadLine(const CLI::App& app, std::span<const std::string> words) {
  Line line{.at = &app, .open = {}, .positionals = {}, .values = {}};
  for (const std::string& word : words) {
    if (!line.open.empty()) {
      line.values[std::exchange(line.open, "")] = word;
    } else if (word.starts_with("-")) {
      line.TakeFlag(word);
    } else if (const CLI::App* sub = line.positionals.empty() ? Step(*line.at, word) : nullptr) {
      line.at = sub;
    } else {
      line.positionals.push_back(word);
    }
  }
  return line;
}

std::vector<std::string> FlagsOf(const CLI::App& app, bool outermost) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options({})) {
    for (const std::string& name : option->get_lnames()) out.push_back("--" + name);
  }
  if (outermost) out.insert(out.end(), std::begin(kConnection), std::end(kConnection));
  return out;
}

void AskForNames(Completion& out, const FluxKind* kind, std::string_view before = "") {
  out.asked = Completion::Asked::Names;
  out.kind = kind;
  out.before += before;
}

/// The value of `flag`, of which `out.last` is written.
void CompleteValue(Completion& out, const Line& line, std::string_view flag) {
  const std::size_t slash = out.last.find('/');
  if (flag == "--namespace" || flag == "--flux-namespace") {
    out.asked = Completion::Asked::Namespaces;
  } else if (flag == "--context") {
    out.asked = Completion::Asked::Contexts;
  } else if (flag == "--output" && line.Value(flag) == "table") {  // else it names a file
    out.words = {"json", "table", "yaml"};
  } else if (flag == "--for" && slash == std::string::npos) {
    for (const FluxKind& kind : FluxKinds())
      if (!kind.is_older) out.words.push_back(std::string(kind.kind) + "/");
  } else if (flag == "--for") {
    const std::vector<std::string> word = {out.last.substr(0, slash)};
    if (const auto target = ParseTarget(word); target && target->one_kind())
      AskForNames(out, target->kinds.front(), out.last.substr(0, slash + 1));
  } else {
    out.files = true;
  }
}

/// `[family] kind name…`, or `kind/name`. `several`: more than one name may follow.
void CompleteTarget(Completion& out, const std::vector<std::string>& words, bool several) {
  const std::size_t slash = out.last.find('/');
  if (words.empty() && slash == std::string::npos) {
    out.words = Kinds();
    return;
  }
  if (words.size() == 1 && KindsOfFamily(words[0]).size() > 1) {
    out.words = KindsOfFamily(words[0]);
    return;
  }
  std::vector<std::string> of_kind = words;
  if (words.empty()) of_kind = {out.last.substr(0, slash)};
  const std::size_t used = !words.empty() && KindsOfFamily(words[0]).size() > 1 ? 2 : 1;
  if (of_kind.size() > used && !several) return;
  out.given.assign(of_kind.begin() + static_cast<std::ptrdiff_t>(used), of_kind.end());
  of_kind.resize(used);
  const auto target = ParseTarget(of_kind);
  if (!target || !target->one_kind() || !target->name.empty()) return;
  AskForNames(out, target->kinds.front(), words.empty() ? out.last.substr(0, slash + 1) : "");
}

/// As trace takes them: `resource name…`, `resource/name…`, or names with --kind.
void CompleteResource(Completion& out, const Line& line) {
  const std::size_t slash = out.last.find('/');
  out.given = line.positionals;
  out.resource = line.Value("--kind");
  if (out.resource.empty() && slash != std::string::npos) {
    out.resource = out.last.substr(0, slash);
    out.before = out.last.substr(0, slash + 1);
  } else if (out.resource.empty() && !line.positionals.empty()) {
    out.resource = line.positionals.front();
    out.given.erase(out.given.begin());
  }
  if (!out.resource.empty()) out.asked = Completion::Asked::Names;
}

void CompletePositional(Completion& out, const Line& line) {
  const CLI::App& at = *line.at;
  if (const CLI::Option* kind = Positional(at, "kind")) {
    CompleteTarget(out, line.positionals, kind->get_items_expected_max() > 3);
  } else if (at.get_name() == "trace") {
    CompleteResource(out, line);
  } else if (at.get_name() == "kustomization") {  // of build and diff
    if (line.positionals.empty()) AskForNames(out, FindKind("kustomize.toolkit.fluxcd.io", "Kustomization"));
  } else {
    out.files = at.get_parent() != nullptr;  // nothing but commands comes first
  }
  if (!line.positionals.empty()) return;
  for (const CLI::App* sub : at.get_subcommands({}))
    if (!sub->get_group().empty()) out.words.push_back(sub->get_name());
}

}  // namespace

base::Result<std::string> CompletionScript(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return base::Invalid("no completion for \"" + std::string(shell) + "\": want bash, zsh or fish");
}

Completion Complete(const CLI::App& app, std::span<const std::string> words) {
  Completion out;
  out.last = words.empty() ? "" : words.back();
  const Line line = ReadLine(app, words.first(words.empty() ? 0 : words.size() - 1));
  out.kubeconfig = line.Value("--kubeconfig");
  out.context = line.Value("--context");
  out.ns = line.all_namespaces ? "" : line.Value("--namespace");
  const std::size_t equals = out.last.find('=');
  if (!line.open.empty()) {
    CompleteValue(out, line, line.open);
  } else if (out.last.starts_with("-") && equals == std::string::npos) {
    out.words = FlagsOf(*line.at, line.at == &app);
  } else if (out.last.starts_with("-")) {
    const std::string flag = out.last.substr(0, equals);
    out.before = flag + "=";
    out.last.erase(0, equals + 1);
    CompleteValue(out, line, flag == "-n" ? "--namespace" : flag == "-o" ? "--output" : flag);
    for (std::string& word : out.words) word.insert(0, flag + "=");
    out.last.insert(0, flag + "=");
  } else {
    CompletePositional(out, line);
  }
  std::erase_if(out.words, [&](const std::string& word) { return !word.starts_with(out.last); });
  std::sort(out.words.begin(), out.words.end());
  out.files = out.files && out.words.empty();
  return out;
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
