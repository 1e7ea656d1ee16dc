// kustomize_build: the engine alone behind kustomize's command line, for the conformance corpora (`run-kustomize.py kustomize_build …`) and
// for timing whole processes. What users run is `sluice build`.
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "kustomize/build.h"

namespace {

using sluice::kustomize::BuildOptions;
using sluice::kustomize::LoadRestrictor;
using sluice::kustomize::Reorder;

struct Arguments {
  std::string path = ".";
  BuildOptions options;
};

int Usage(std::string_view problem) {
  std::fprintf(stderr, "%.*s\nusage: kustomize_build build [DIR] [--load-restrictor X] [--reorder legacy|none] [--enable-helm]\n",
               static_cast<int>(problem.size()), problem.data());
  return 2;
}

bool ReadOption(std::string_view name, std::string_view value, BuildOptions& options) {
  if (name == "--load-restrictor")
    options.load_restrictor = value == "LoadRestrictionsNone" ? LoadRestrictor::None : LoadRestrictor::RootOnly;
  else if (name == "--reorder")
    options.reorder = value == "none" ? Reorder::None : Reorder::Legacy;
  else
    return false;
  return true;
}

bool ReadArguments(const std::vector<std::string_view>& words, Arguments& arguments) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::size_t equals = word.find('=');
    if (word == "--enable-helm")
      arguments.options.enable_helm = true;
    else if (!word.starts_with("-"))
      arguments.path = word;
    else if (equals != word.npos && ReadOption(word.substr(0, equals), word.substr(equals + 1), arguments.options))
      continue;
    else if (i + 1 < words.size() && ReadOption(word, words[i + 1], arguments.options))
      ++i;
    else
      return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.empty() || words.front() != "build") return Usage("the first word is `build`");
  Arguments arguments;
  if (!ReadArguments({words.begin() + 1, words.end()}, arguments)) return Usage("unknown option");
  arguments.options.absolute_root = "/";
  const auto files = sluice::base::OpenDirectory("/");
  const std::string place = std::filesystem::absolute(arguments.path).lexically_normal().string();
  auto built = sluice::kustomize::Build(*files, place.substr(1), arguments.options);
  if (!built) {
    std::fprintf(stderr, "Error: %s\n", built.error().message.c_str());
    return 1;
  }
  for (const std::string& warning : built->warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  const std::string text = sluice::kustomize::Print(built->documents);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}
